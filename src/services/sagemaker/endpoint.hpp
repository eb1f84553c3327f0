// An endpoint as it is stored, and as DescribeEndpoint shows it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "generated/sagemaker/types.hpp"
#include "services/sagemaker/resources.hpp"

namespace trainyard::sagemaker {

/// A variant with its model, both as they were when the endpoint was deployed.
struct Variant {
  ProductionVariant config;
  CreateModelInput model;
};

/// A configuration that instances run, or are being started for.
struct Deployment {
  std::string config_name;
  int64_t generation = 0;  // counts an endpoint's deployments from 1
  Time started;
  std::vector<Variant> variants;

  /// nullptr when there is none of that name.
  const Variant* find(std::string_view variant) const;
  int64_t instance_count() const;
};

struct Endpoint {
  Resource resource;                  // its status is EndpointStatus
  std::string failure;                // FailureReason
  int64_t generations = 0;            // the newest deployment's generation
  std::optional<Deployment> active;   // takes requests
  std::optional<Deployment> pending;  // its instances are starting, or ending after a failure
  json::object deployment_config;     // LastDeploymentConfig, empty when none was given
};

std::optional<Endpoint> find_endpoint(Txn& txn, std::string_view name);
/// ValidationException "Could not find endpoint …" when there is none.
Endpoint get_endpoint(Call& call, std::string_view name);
Resource to_resource(const Endpoint& endpoint);

/// A deployment of a configuration with its models; ValidationException "Could not find …" when
/// the configuration or a model is missing.
Deployment make_deployment(Call& call, const std::string& config_name);

DescribeEndpointOutput describe(Txn& txn, const Site& site, const Endpoint& endpoint);

}  // namespace trainyard::sagemaker
