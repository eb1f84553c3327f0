#include "services/sagemaker/endpoint.hpp"

#include "services/sagemaker/plan.hpp"
#include "services/sagemaker/serving.hpp"
#include "services/sagemaker/stored.hpp"
#include "wire/json.hpp"

namespace trainyard::sagemaker {
namespace {

json::object deployment_to_json(const Deployment& deployment) {
  json::array variants;
  for (const Variant& variant : deployment.variants) {
    variants.push_back(json::object{{"config", wire::to_json(variant.config)},
                                    {"model", wire::to_json(variant.model)}});
  }
  return {{"config_name", deployment.config_name},
          {"generation", deployment.generation},
          {"started", to_millis(deployment.started)},
          {"variants", std::move(variants)}};
}

std::optional<Deployment> deployment_from_json(const json::object& state, std::string_view name) {
  const json::object* object = find_object(state, name);
  if (object == nullptr) return std::nullopt;
  Deployment deployment;
  deployment.config_name = stored_text(*object, "config_name");
  deployment.generation = stored_integer(*object, "generation");
  deployment.started = from_millis(stored_integer(*object, "started"));
  for (const json::value& variant : object->at("variants").as_array()) {
    deployment.variants.push_back(
        {wire::from_json<ProductionVariant>(variant.at("config")),
         wire::from_json<CreateModelInput>(variant.at("model"))});
  }
  return deployment;
}

/// Members that summaries of an active and of a pending variant share.
template <class Summary>
Summary summary_of(Txn& txn, const Endpoint& endpoint, const Deployment& deployment,
                   const Variant& variant) {
  Summary summary;
  const ProductionVariant& config = variant.config;
  const std::string image = container_of(variant.model).image.value_or("");
  summary.variant_name = config.variant_name;
  summary.deployed_images = {{image, image, deployment.started}};
  summary.current_weight = summary.desired_weight = config.initial_variant_weight;
  summary.current_instance_count = static_cast<int32_t>(serving_count(
      txn, endpoint.resource.name, deployment.generation, config.variant_name));
  summary.desired_instance_count = config.initial_instance_count;
  return summary;
}

}  // namespace

const Variant* Deployment::find(std::string_view variant) const {
  for (const Variant& candidate : variants) {
    if (candidate.config.variant_name == variant) return &candidate;
  }
  return nullptr;
}

int64_t Deployment::instance_count() const {
  int64_t count = 0;
  for (const Variant& variant : variants) {
    count += variant.config.initial_instance_count.value_or(0);
  }
  return count;
}

std::optional<Endpoint> find_endpoint(Txn& txn, std::string_view name) {
  auto resource = find_resource(txn, Kind::endpoint, name);
  if (!resource) return std::nullopt;
  Endpoint endpoint;
  const json::object& state = resource->state;
  endpoint.failure = stored_text(state, "failure");
  endpoint.generations = stored_integer(state, "generations");
  endpoint.active = deployment_from_json(state, "active");
  endpoint.pending = deployment_from_json(state, "pending");
  if (const json::object* config = find_object(state, "deployment_config")) {
    endpoint.deployment_config = *config;
  }
  endpoint.resource = std::move(*resource);
  return endpoint;
}

Endpoint get_endpoint(Call& call, std::string_view name) {
  auto endpoint = find_endpoint(call.txn, name);
  if (!endpoint) throw could_not_find(call.site, Kind::endpoint, name);
  return std::move(*endpoint);
}

Resource to_resource(const Endpoint& endpoint) {
  Resource resource = endpoint.resource;
  resource.state = {{"failure", endpoint.failure}, {"generations", endpoint.generations}};
  if (endpoint.active) resource.state["active"] = deployment_to_json(*endpoint.active);
  if (endpoint.pending) resource.state["pending"] = deployment_to_json(*endpoint.pending);
  if (!endpoint.deployment_config.empty()) {
    resource.state["deployment_config"] = endpoint.deployment_config;
  }
  return resource;
}

Deployment make_deployment(Call& call, const std::string& config_name) {
  Resource config = get_resource(call, Kind::endpoint_config, config_name);
  auto request = wire::from_json<CreateEndpointConfigInput>(config.request);
  Deployment deployment;
  deployment.config_name = config_name;
  deployment.started = call.now;
  for (ProductionVariant& variant : request.production_variants) {
    Resource model = get_resource(call, Kind::model, *variant.model_name);
    deployment.variants.push_back(
        {std::move(variant), wire::from_json<CreateModelInput>(model.request)});
  }
  return deployment;
}

DescribeEndpointOutput describe(Txn& txn, const Site& site, const Endpoint& endpoint) {
  DescribeEndpointOutput output;
  const Resource& resource = endpoint.resource;
  output.endpoint_name = resource.name;
  output.endpoint_arn = arn_of(site, Kind::endpoint, resource.name);
  output.endpoint_status = resource.status;
  output.creation_time = resource.created;
  output.last_modified_time = resource.modified;
  if (!endpoint.failure.empty()) output.failure_reason = endpoint.failure;
  if (!endpoint.deployment_config.empty()) {
    output.last_deployment_config =
        wire::from_json<DeploymentConfig>(endpoint.deployment_config);
  }
  // Before the first deployment is in service, it is the one that is shown.
  const auto& shown = endpoint.active ? endpoint.active : endpoint.pending;
  TRAINYARD_ASSERT(shown.has_value());
  output.endpoint_config_name = shown->config_name;
  output.production_variants.emplace();
  for (const Variant& variant : shown->variants) {
    output.production_variants->push_back(
        summary_of<ProductionVariantSummary>(txn, endpoint, *shown, variant));
  }
  if (endpoint.active && endpoint.pending) {
    PendingDeploymentSummary pending;
    pending.endpoint_config_name = endpoint.pending->config_name;
    pending.start_time = endpoint.pending->started;
    pending.production_variants.emplace();
    for (const Variant& variant : endpoint.pending->variants) {
      auto summary =
          summary_of<PendingProductionVariantSummary>(txn, endpoint, *endpoint.pending, variant);
      summary.instance_type = variant.config.instance_type;
      pending.production_variants->push_back(std::move(summary));
    }
    output.pending_deployment_summary = std::move(pending);
  }
  return output;
}

}  // namespace trainyard::sagemaker
