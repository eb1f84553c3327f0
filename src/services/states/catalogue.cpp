#include "services/states/catalogue.hpp"

#include <algorithm>

#include "services/states/http_task.hpp"

namespace trainyard::states {
namespace {

/// What Step Functions integrates of SageMaker (Developer Guide, "Integrating optimized services").
/// Those that this installation lacks are refused like unknown ones.
constexpr std::string_view kSageMaker[] = {
    "createEndpoint",    "createEndpointConfig", "createHyperParameterTuningJob",
    "createLabelingJob", "createModel",          "createProcessingJob",
    "createTrainingJob", "createTransformJob",   "updateEndpoint"};

/// Names from Developer Guide, "Learning to use AWS service SDK integrations".
constexpr SdkService kSdkServices[] = {
    {"cloudwatch", "monitoring", "CloudWatch", ""},
    {"cloudwatchlogs", "logs", "CloudWatchLogs", ""},
    {"eventbridge", "events", "EventBridge", ""},
    {"iam", "iam", "Iam", ""},
    {"s3", "s3", "S3", "Body"},
    {"sagemaker", "sagemaker", "SageMaker", ""},
    {"sagemakerruntime", "runtime", "SageMakerRuntime", ""},
    {"sfn", "states", "Sfn", ""},
    {"sts", "sts", "Sts", ""},
};

constexpr std::string_view kSdk = "aws-sdk:";
constexpr std::string_view kToken = "waitForTaskToken";

bool is_one_of(std::string_view pattern, std::initializer_list<std::string_view> patterns) {
  return std::find(patterns.begin(), patterns.end(), pattern) != patterns.end();
}

/// An operation of ours as an integration; nullopt when it is not here.
std::optional<Integration> operation_of(const Door& door, Integration::Kind kind,
                                        std::string_view service, std::string_view action) {
  Integration found;
  found.kind = kind;
  found.service = std::string(service);
  found.operation = api_operation(action);
  auto mode = door.mode_of(service, found.operation);
  if (!mode || found.operation == action) return std::nullopt;  // actions are in camel case
  found.outside = !wire::is_transactional(*mode);
  return found;
}

std::optional<Integration> sagemaker_of(const Door& door, const asl::Resource& resource) {
  bool known = std::find(std::begin(kSageMaker), std::end(kSageMaker), resource.operation) !=
               std::end(kSageMaker);
  // createTrainingJob is the only one of them that begins something that ends.
  bool sync = resource.pattern == "sync" && resource.operation == "createTrainingJob";
  if (!known || (!resource.pattern.empty() && !sync)) return std::nullopt;
  return operation_of(door, Integration::Kind::sagemaker, "sagemaker", resource.operation);
}

std::optional<Integration> nested_of(const Door& door, const asl::Resource& resource) {
  if (resource.operation != "startExecution" ||
      !is_one_of(resource.pattern, {"", "sync", "sync:2", kToken})) {
    return std::nullopt;
  }
  return operation_of(door, Integration::Kind::nested, "states", resource.operation);
}

std::optional<Integration> sdk_of(const Door& door, const asl::Resource& resource) {
  std::string_view name = std::string_view(resource.service).substr(kSdk.size());
  auto row = std::find_if(std::begin(kSdkServices), std::end(kSdkServices),
                          [&](const SdkService& service) { return service.resource == name; });
  if (row == std::end(kSdkServices) || !is_one_of(resource.pattern, {"", kToken})) {
    return std::nullopt;
  }
  auto found = operation_of(door, Integration::Kind::sdk, row->folder, resource.operation);
  if (!found) return std::nullopt;
  found->sdk = row;
  found->moves_executions = row->folder == "states";
  return found;
}

std::optional<Integration> http_of(const asl::Resource& resource) {
  if (resource.action != "invoke") return std::nullopt;
  Integration found;
  found.kind = Integration::Kind::http;
  found.outside = true;
  return found;
}

}  // namespace

std::optional<Integration> find_integration(const Door& door, const asl::Resource& resource) {
  if (resource.service == "sagemaker") return sagemaker_of(door, resource);
  if (resource.service == "states") return nested_of(door, resource);
  if (resource.service == "http") return http_of(resource);
  if (resource.service.starts_with(kSdk)) return sdk_of(door, resource);
  return std::nullopt;
}

bool takes_parameter(const Door& door, const Integration& integration, std::string_view name) {
  if (integration.kind == Integration::Kind::http) return is_http_parameter(name);
  // SageMaker's optimised integration is older than the SDK whose names the others have.
  const bool sdk_names = integration.kind != Integration::Kind::sagemaker;
  return door.has_member(integration.service, integration.operation, name,
                         sdk_names ? wire::JsonForm::sdk : wire::JsonForm::service);
}

std::string api_operation(std::string_view operation) {
  std::string name(operation);
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] -= 'a' - 'A';
  return name;
}

}  // namespace trainyard::states
