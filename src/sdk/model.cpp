#include "sdk/model.hpp"

#include "base/error.hpp"
#include "generated/runtime/client.hpp"
#include "generated/runtime/types.hpp"
#include "generated/sagemaker/client.hpp"
#include "generated/sagemaker/types.hpp"
#include "sdk/poll.hpp"
#include "wire/json.hpp"

namespace trainyard::sdk {
namespace {

constexpr const char* kNpy = "application/x-npy";
constexpr const char* kJson = "application/json";
constexpr const char* kCsv = "text/csv";
constexpr std::size_t kReplyBytesMax = 256u << 20;
constexpr const char* kVariant = "AllTraffic";
// What CreateModel says of a name that is taken (SageMaker answers ValidationException for it).
constexpr const char* kModelExists = "Cannot create already existing model";

}  // namespace

Predictor::Reply Predictor::invoke(const std::string& body, const std::string& content_type,
                                   const std::string& accept) {
  runtime::InvokeEndpointInput input;
  input.endpoint_name = endpoint_name_;
  input.body = body;
  input.content_type = content_type;
  if (!accept.empty()) input.accept = accept;
  auto output = session_.runtime().invoke_endpoint(input);
  return {http::read_all(*output.body, kReplyBytesMax), output.content_type.value_or(""),
          output.invoked_production_variant.value_or("")};
}

Tensor Predictor::predict(const Tensor& input, NpyType type) {
  return from_npy(invoke(to_npy(input, type), kNpy, kNpy).body);
}

json::value Predictor::predict(const json::value& input) {
  const Reply reply = invoke(dump(input), kJson, kJson);
  std::string error;
  auto value = parse_json(reply.body, &error);
  if (!value) throw SystemError("the endpoint's answer is not JSON: " + error);
  return *value;
}

Tensor Predictor::predict_csv(const Tensor& input) {
  return from_csv(invoke(to_csv(input), kCsv, kCsv).body);
}

void Predictor::delete_endpoint() {
  auto& client = session_.sagemaker();
  const auto endpoint = client.describe_endpoint({.endpoint_name = endpoint_name_});
  const json::object described = wire::to_json(endpoint);
  if (const auto config = find_string(described, "EndpointConfigName")) {
    client.delete_endpoint_config({.endpoint_config_name = *config});
  }
  client.delete_endpoint({.endpoint_name = endpoint_name_});
}

void Predictor::delete_model() {
  auto& client = session_.sagemaker();
  const json::object endpoint =
      wire::to_json(client.describe_endpoint({.endpoint_name = endpoint_name_}));
  const json::object config = wire::to_json(client.describe_endpoint_config(
      {.endpoint_config_name = find_string(endpoint, "EndpointConfigName").value_or("")}));
  const json::array* variants = find_array(config, "ProductionVariants");
  if (variants == nullptr) return;
  for (const json::value& variant : *variants) {
    if (const auto name = find_string(variant.as_object(), "ModelName")) {
      client.delete_model({.model_name = *name});
    }
  }
}

void Model::create() {
  const json::object request = {{"ModelName", name_},
                                {"PrimaryContainer", container_},
                                {"ExecutionRoleArn", role_}};
  try {
    session_.sagemaker().create_model(wire::from_json<sagemaker::CreateModelInput>(request));
  } catch (const ApiError& error) {
    if (error.message().find(kModelExists) == std::string::npos) throw;
  }
}

Predictor Model::deploy(int instance_count, const std::string& instance_type,
                        const std::string& endpoint_name) {
  const std::string name = endpoint_name.empty() ? name_ : endpoint_name;
  create();
  const json::object config = {{"EndpointConfigName", name},
                               {"ProductionVariants",
                                json::array{{{"ModelName", name_},
                                             {"InstanceType", instance_type},
                                             {"InitialInstanceCount", instance_count},
                                             {"VariantName", kVariant},
                                             {"InitialVariantWeight", 1}}}}};
  auto& client = session_.sagemaker();
  client.create_endpoint_config(wire::from_json<sagemaker::CreateEndpointConfigInput>(config));
  const json::object endpoint = {{"EndpointName", name}, {"EndpointConfigName", name}};
  client.create_endpoint(wire::from_json<sagemaker::CreateEndpointInput>(endpoint));
  wait_for_endpoint(session_, name);
  return Predictor(session_, name);
}

void wait_for_endpoint(Session& session, const std::string& endpoint_name) {
  Poll poll;
  while (true) {
    const json::object endpoint =
        wire::to_json(session.sagemaker().describe_endpoint({.endpoint_name = endpoint_name}));
    const std::string status = find_string(endpoint, "EndpointStatus").value_or("");
    if (status == "InService") return;
    if (status != "Creating" && status != "Updating" && status != "SystemUpdating") {
      throw SystemError("endpoint " + endpoint_name + " is " + status + ": " +
                        find_string(endpoint, "FailureReason").value_or("no reason was given"));
    }
    poll.pause();
  }
}

}  // namespace trainyard::sdk
