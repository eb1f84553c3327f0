// The operations on models. A model is its request: instances take it as it was when their
// endpoint was deployed.
#include "generated/sagemaker/operations.hpp"
#include "services/sagemaker/checks.hpp"
#include "services/sagemaker/listing.hpp"
#include "services/sagemaker/roles.hpp"
#include "services/sagemaker/tags.hpp"
#include "wire/json.hpp"

namespace trainyard::sagemaker {

CreateModelOutput create_model(Call& call, const CreateModelInput& input) {
  check_model(input);
  if (resource_exists(call.txn, Kind::model, input.model_name)) {
    throw already_exists(call.site, Kind::model, input.model_name);
  }
  check_role(call.txn, *input.execution_role_arn);
  Resource resource{Kind::model, input.model_name, "", call.now, call.now, wire::to_json(input),
                    {}};
  resource.request.erase("Tags");
  insert_resource(call.txn, resource);
  if (input.tags) put_tags(call.txn, Kind::model, input.model_name, *input.tags);
  return {.model_arn = arn_of(call.site, Kind::model, input.model_name)};
}

DescribeModelOutput describe_model(Call& call, const DescribeModelInput& input) {
  Resource resource = get_resource(call, Kind::model, input.model_name);
  auto output = wire::from_json<DescribeModelOutput>(resource.request);
  output.model_arn = arn_of(call.site, Kind::model, input.model_name);
  output.creation_time = resource.created;
  output.enable_network_isolation = output.enable_network_isolation.value_or(false);
  return output;
}

ListModelsOutput list_models(Call& call, const ListModelsInput& input) {
  Page page = list_resources(call.txn, Kind::model, filters_of(input, true));
  ListModelsOutput output;
  output.next_token = page.next_token;
  for (const Resource& resource : page.resources) {
    output.models.push_back({resource.name, arn_of(call.site, Kind::model, resource.name),
                             resource.created});
  }
  return output;
}

DeleteModelOutput delete_model(Call& call, const DeleteModelInput& input) {
  get_resource(call, Kind::model, input.model_name);
  remove_resource(call.txn, Kind::model, input.model_name);
  return {};
}

}  // namespace trainyard::sagemaker
