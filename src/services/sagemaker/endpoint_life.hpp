// The life of an endpoint: Creating → InService; Updating, with the new instances first and a way
// back; Deleting until the last instance has ended. Each instance is an attempt of its own, and one
// that dies while its endpoint is in service is replaced.
#pragma once

#include "services/sagemaker/attempt_rows.hpp"
#include "services/sagemaker/endpoint.hpp"

namespace trainyard::sagemaker {

/// Stores an endpoint with its first deployment and starts its instances.
void start_endpoint(Call& call, const CreateEndpointInput& input, Deployment deployment);
/// Starts the instances of a new deployment beside those that serve.
void update_endpoint(Call& call, Endpoint& endpoint, Deployment deployment);
/// Ends all instances; the endpoint goes with the last of them.
void retire_endpoint(Call& call, Endpoint& endpoint);

/// An agent told of InService or Unhealthy.
void serving_phase(Call& call, Attempt& attempt, std::string_view host, std::string_view phase,
                   Time at);
/// The instance has ended or was lost.
void serving_ended(Call& call, Attempt& attempt, const Instance& instance);

/// Deadlines: a start that takes too long, an instance that stays unhealthy, a slot that waited
/// long enough for its next instance.
void startup_expired(Call& call, Attempt& attempt);
void unhealthy_expired(Call& call, Attempt& attempt, Time unhealthy_since);
void replace_instance(Call& call, const json::object& payload);

/// At the daemon's end and start: all instances are told to stop; slots without one get one.
void stop_endpoints(Call& call);
void restore_endpoints(Call& call);

}  // namespace trainyard::sagemaker
