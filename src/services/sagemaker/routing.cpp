#include "services/sagemaker/routing.hpp"

#include "services/sagemaker/endpoint.hpp"
#include "services/sagemaker/facts.hpp"
#include "services/sagemaker/serving.hpp"

namespace trainyard::sagemaker {

int64_t routes_revision(Txn& txn) { return fact_number(txn, kRoutesFact); }

std::optional<Route> route(Txn& txn, const std::string& name) {
  auto endpoint = find_endpoint(txn, name);
  if (!endpoint || !endpoint->active || endpoint->resource.status == "Deleting") {
    return std::nullopt;
  }
  Route route;
  for (const Variant& variant : endpoint->active->variants) {
    route.variants.push_back({variant.config.variant_name,
                              variant.config.initial_variant_weight.value_or(1),
                              {}});
  }
  for (auto& instance : serving_instances(txn, name, endpoint->active->generation)) {
    for (RouteVariant& variant : route.variants) {
      if (variant.name == instance.variant) {
        variant.instances.push_back({instance.attempt, instance.host});
      }
    }
  }
  return route;
}

}  // namespace trainyard::sagemaker
