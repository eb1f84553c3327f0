// The operations on endpoints.
#include "generated/sagemaker/operations.hpp"
#include "services/sagemaker/endpoint_life.hpp"
#include "services/sagemaker/listing.hpp"
#include "wire/json.hpp"

namespace trainyard::sagemaker {
namespace {

/// RetainAllVariantProperties: counts and weights of variants that both deployments have stay as
/// they are, but for the properties that the request excludes.
void retain_properties(const UpdateEndpointInput& input, const Deployment& from, Deployment& to) {
  if (!input.retain_all_variant_properties.value_or(false)) return;
  auto excluded = [&](std::string_view property) {
    for (const auto& one :
         input.exclude_retained_variant_properties.value_or(std::vector<VariantProperty>{})) {
      if (one.variant_property_type == property) return true;
    }
    return false;
  };
  for (Variant& variant : to.variants) {
    const Variant* old = from.find(variant.config.variant_name);
    if (old == nullptr) continue;
    if (!excluded("DesiredInstanceCount")) {
      variant.config.initial_instance_count = old->config.initial_instance_count;
    }
    if (!excluded("DesiredWeight")) {
      variant.config.initial_variant_weight = old->config.initial_variant_weight;
    }
  }
}

}  // namespace

CreateEndpointOutput create_endpoint(Call& call, const CreateEndpointInput& input) {
  if (resource_exists(call.txn, Kind::endpoint, input.endpoint_name)) {
    throw already_exists(call.site, Kind::endpoint, input.endpoint_name);
  }
  start_endpoint(call, input, make_deployment(call, input.endpoint_config_name));
  return {.endpoint_arn = arn_of(call.site, Kind::endpoint, input.endpoint_name)};
}

DescribeEndpointOutput describe_endpoint(Call& call, const DescribeEndpointInput& input) {
  return describe(call.txn, call.site, get_endpoint(call, input.endpoint_name));
}

UpdateEndpointOutput update_endpoint(Call& call, const UpdateEndpointInput& input) {
  Endpoint endpoint = get_endpoint(call, input.endpoint_name);
  const std::string arn = arn_of(call.site, Kind::endpoint, input.endpoint_name);
  if (endpoint.resource.status == "Failed") {
    throw invalid("Cannot update endpoint \"" + arn +
                  "\" in status Failed: it can only be deleted.");
  }
  if (endpoint.resource.status != "InService") {
    throw invalid("Cannot update in-progress endpoint \"" + arn + "\".");
  }
  Deployment deployment = make_deployment(call, input.endpoint_config_name);
  retain_properties(input, *endpoint.active, deployment);
  if (!input.retain_deployment_config.value_or(false)) {
    endpoint.deployment_config =
        input.deployment_config ? wire::to_json(*input.deployment_config) : json::object{};
  }
  update_endpoint(call, endpoint, std::move(deployment));
  return {.endpoint_arn = arn};
}

ListEndpointsOutput list_endpoints(Call& call, const ListEndpointsInput& input) {
  Page page = list_resources(call.txn, Kind::endpoint, filters_of(input, true));
  ListEndpointsOutput output;
  output.next_token = page.next_token;
  for (const Resource& resource : page.resources) {
    output.endpoints.push_back({resource.name,
                                arn_of(call.site, Kind::endpoint, resource.name),
                                resource.created, resource.modified, resource.status});
  }
  return output;
}

DeleteEndpointOutput delete_endpoint(Call& call, const DeleteEndpointInput& input) {
  Endpoint endpoint = get_endpoint(call, input.endpoint_name);
  if (endpoint.resource.status == "Deleting") {
    throw invalid("Cannot delete in-progress endpoint \"" +
                  arn_of(call.site, Kind::endpoint, input.endpoint_name) + "\".");
  }
  retire_endpoint(call, endpoint);
  return {};
}

}  // namespace trainyard::sagemaker
