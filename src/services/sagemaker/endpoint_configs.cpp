// The operations on endpoint configurations. One that is in use can be deleted: endpoints keep a
// copy of what they were deployed from.
#include "generated/sagemaker/operations.hpp"
#include "services/sagemaker/checks.hpp"
#include "services/sagemaker/listing.hpp"
#include "services/sagemaker/tags.hpp"
#include "wire/json.hpp"

namespace trainyard::sagemaker {
namespace {

constexpr float kWeightDefault = 1;

}  // namespace

CreateEndpointConfigOutput create_endpoint_config(Call& call,
                                                  const CreateEndpointConfigInput& input) {
  check_endpoint_config(input);
  const std::string& name = input.endpoint_config_name;
  if (resource_exists(call.txn, Kind::endpoint_config, name)) {
    throw already_exists(call.site, Kind::endpoint_config, name);
  }
  CreateEndpointConfigInput stored = input;
  stored.tags.reset();
  for (ProductionVariant& variant : stored.production_variants) {
    if (!resource_exists(call.txn, Kind::model, *variant.model_name)) {
      throw could_not_find(call.site, Kind::model, *variant.model_name);
    }
    variant.initial_variant_weight = variant.initial_variant_weight.value_or(kWeightDefault);
  }
  insert_resource(call.txn, {Kind::endpoint_config, name, "", call.now, call.now,
                             wire::to_json(stored), {}});
  if (input.tags) put_tags(call.txn, Kind::endpoint_config, name, *input.tags);
  return {.endpoint_config_arn = arn_of(call.site, Kind::endpoint_config, name)};
}

DescribeEndpointConfigOutput describe_endpoint_config(Call& call,
                                                      const DescribeEndpointConfigInput& input) {
  Resource resource = get_resource(call, Kind::endpoint_config, input.endpoint_config_name);
  auto output = wire::from_json<DescribeEndpointConfigOutput>(resource.request);
  output.endpoint_config_arn =
      arn_of(call.site, Kind::endpoint_config, input.endpoint_config_name);
  output.creation_time = resource.created;
  output.enable_network_isolation = output.enable_network_isolation.value_or(false);
  return output;
}

ListEndpointConfigsOutput list_endpoint_configs(Call& call, const ListEndpointConfigsInput& input) {
  Page page = list_resources(call.txn, Kind::endpoint_config, filters_of(input, true));
  ListEndpointConfigsOutput output;
  output.next_token = page.next_token;
  for (const Resource& resource : page.resources) {
    output.endpoint_configs.push_back(
        {resource.name, arn_of(call.site, Kind::endpoint_config, resource.name),
         resource.created});
  }
  return output;
}

DeleteEndpointConfigOutput delete_endpoint_config(Call& call,
                                                  const DeleteEndpointConfigInput& input) {
  get_resource(call, Kind::endpoint_config, input.endpoint_config_name);
  remove_resource(call.txn, Kind::endpoint_config, input.endpoint_config_name);
  return {};
}

}  // namespace trainyard::sagemaker
