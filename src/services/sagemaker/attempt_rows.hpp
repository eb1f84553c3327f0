// Attempts and their instances as rows. What they mean for a job or an endpoint is decided in
// training_life and endpoint_life.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/sagemaker/resources.hpp"

namespace trainyard::sagemaker {

struct Attempt {
  std::string id;  // unique for ever; at most 40 characters of [a-z0-9-], since it names sockets
  Kind owner_kind = Kind::training_job;
  std::string owner;
  std::string role_arn;
  std::string token;       // its agents' secret
  int64_t generation = 0;  // endpoints: of the deployment that it belongs to
  std::string variant;     // endpoints
  int64_t slot = 0;        // endpoints: which of the variant's instances
  int64_t failures = 0;    // endpoints: how often this slot failed in a row before
  Time created;
  std::optional<Time> serving_since;
  std::optional<Time> cancelled;
  std::optional<Time> ended;
};

struct Instance {
  std::string host;
  std::string phase;    // the last that its agent told
  Time phase_since;
  std::string outcome;  // "", succeeded, failed, stopped, lost
  std::string error;    // AlgorithmError, ClientError, InternalServerError, ""
  std::string reason;
  std::optional<Time> ended;
};

/// Fills in id, token and time of creation, and stores it with one instance a host.
void insert_attempt(Call& call, Attempt& attempt, const std::vector<std::string>& hosts);

std::optional<Attempt> find_attempt(Txn& txn, std::string_view id);
/// Those of a job or an endpoint that have not ended.
std::vector<Attempt> live_attempts_of(Txn& txn, Kind kind, std::string_view owner);
/// In the order of their numbers: algo-2 before algo-10.
std::vector<Instance> instances_of(Txn& txn, std::string_view attempt);
std::optional<Instance> find_instance(Txn& txn, std::string_view attempt, std::string_view host);

void set_phase(Txn& txn, const Attempt& attempt, std::string_view host, std::string_view phase,
               Time since);
/// False when the instance had ended before.
bool end_instance(Txn& txn, const Attempt& attempt, const Instance& instance);
void set_serving_since(Txn& txn, const Attempt& attempt, std::optional<Time> since);

/// Posts compute.submit with the plan.
void submit_attempt(Call& call, const Attempt& attempt, const std::vector<std::string>& hosts,
                    json::object plan);
/// Posts compute.cancel, once.
void cancel_attempt(Call& call, Attempt& attempt);
/// All instances have ended: posts compute.forget, and takes back the attempt's other messages.
void close_attempt(Call& call, Attempt& attempt);

/// Posts a message of kind sagemaker.deadline for an attempt. `what` says which limit it is.
void post_deadline(Call& call, std::string_view attempt, std::string_view what, Time due,
                   json::object payload = {});

}  // namespace trainyard::sagemaker
