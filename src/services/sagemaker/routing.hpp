// Where a request to an endpoint may go: read by the data plane.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace trainyard::sagemaker {

struct RouteInstance {
  std::string attempt, host;
};

struct RouteVariant {
  std::string name;
  double weight = 1;
  std::vector<RouteInstance> instances;  // those that answer their health checks
};

struct Route {
  std::vector<RouteVariant> variants;
};

/// Grows whenever route() would answer something else for some endpoint.
int64_t routes_revision(Txn& txn);

/// nullopt unless the endpoint has been in service once and is not being deleted.
std::optional<Route> route(Txn& txn, const std::string& endpoint);

}  // namespace trainyard::sagemaker
