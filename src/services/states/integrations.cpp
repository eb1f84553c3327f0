#include "services/states/integrations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "generated/states/errors.hpp"
#include "identity/identity.hpp"

namespace trainyard::states {
namespace {

constexpr std::string_view kPrincipal = "states.amazonaws.com";
/// What Step Functions integrates of SageMaker (Developer Guide, "Integrating optimized services").
/// Those that this installation lacks are refused like unknown ones.
constexpr std::string_view kSageMaker[] = {
    "createEndpoint",    "createEndpointConfig", "createHyperParameterTuningJob",
    "createLabelingJob", "createModel",          "createProcessingJob",
    "createTrainingJob", "createTransformJob",   "updateEndpoint"};
/// Errors that SageMaker's model names; all others come as AmazonSageMakerException.
constexpr std::string_view kSageMakerErrors[] = {"ConflictException", "ResourceInUse",
                                                 "ResourceLimitExceeded", "ResourceNotFound"};
constexpr SyncRule kSyncRules[] = {
    {"sagemaker",
     "createTrainingJob",
     "TrainingJobArn",
     "aws.sagemaker",
     "SageMaker Training Job State Change",
     "TrainingJobStatus",
     "Completed",
     {"Failed", "Stopped"},
     "StopTrainingJob",
     "DescribeTrainingJob",
     "TrainingJobName",
     "StepFunctionsGetEventsForSageMakerTrainingJobsRule"},
};

constexpr std::string_view kNotAssumable =
    "Neither the global service principal states.amazonaws.com, nor the regional one is authorized "
    "to assume the provided role.";
constexpr int kBadRequest = 400;
constexpr int kOk = 200;
constexpr double kMillisPerSecond = 1000;

/// Responses have times in seconds, events in milliseconds. No other number has such a name.
void times_to_millis(json::value& value) {
  if (json::array* array = value.if_array()) {
    for (json::value& element : *array) times_to_millis(element);
  } else if (json::object* object = value.if_object()) {
    for (auto& member : *object) {
      const bool time = member.key().ends_with("Time") || member.key() == "Timestamp";
      if (time && member.value().is_number()) {
        const double seconds = member.value().to_number<double>();
        member.value() = static_cast<int64_t>(std::llround(seconds * kMillisPerSecond));
      } else {
        times_to_millis(member.value());
      }
    }
  }
}

asl::SupportsField supports_field(const Door& door) {
  return [&door](const asl::Resource& resource, std::string_view field) {
    return door.has_member(resource.service, api_operation(resource.operation), field);
  };
}

void check_task(const Door& door, const asl::State& state, std::vector<asl::Problem>& problems) {
  auto problem = [&](std::string message, std::string_view field) {
    problems.push_back({"SCHEMA_VALIDATION_FAILED", std::move(message),
                        state.location + "/" + std::string(field)});
  };
  if (!is_supported(door, state.resource)) {
    return problem(
        fmt::format("The resource provided {} is not recognized. The value is not a valid "
                    "resource ARN, or the resource is not available in this region.",
                    state.resource.arn),
        "Resource");
  }
  if (!state.parameters) return;
  for (const auto& name : state.parameters->names()) {
    if (!supports_field(door)(state.resource, name)) {
      problem(fmt::format("The field \"{}\" is not supported by Step Functions", name),
              "Parameters");
    }
  }
}

void put_managed_rule(Call& call, const Caller& principal, const SyncRule& rule,
                      const std::string& role_arn) {
  json::object pattern{{"source", json::array{rule.source}},
                       {"detail-type", json::array{rule.detail_type}}};
  std::string target =
      fmt::format("arn:aws:states:{}:{}:task-events", call.site.region, call.site.account);
  try {
    call.door.invoke(call, principal, "events", "PutRule",
                     {{"Name", rule.managed_rule}, {"EventPattern", dump(pattern)}});
    call.door.invoke(call, principal, "events", "PutTargets",
                     {{"Rule", rule.managed_rule},
                      {"Targets", json::array{{{"Id", "StepFunctions"}, {"Arn", target}}}}});
  } catch (const ApiError& error) {
    if (!error.code().starts_with("AccessDenied")) throw;
    throw ApiError("AccessDeniedException", kBadRequest,
                   "'" + role_arn + "' is not authorized to create managed-rule.");
  }
}

}  // namespace

const SyncRule* find_sync_rule(const asl::Resource& resource) {
  if (resource.pattern != "sync") return nullptr;
  for (const SyncRule& rule : kSyncRules) {
    if (rule.service == resource.service && rule.operation == resource.operation) return &rule;
  }
  return nullptr;
}

bool is_supported(const Door& door, const asl::Resource& resource) {
  if (resource.is_activity) return true;
  if (resource.service != "sagemaker") return false;
  bool known = std::find(std::begin(kSageMaker), std::end(kSageMaker), resource.operation) !=
               std::end(kSageMaker);
  if (!known || !door.has_operation(resource.service, api_operation(resource.operation))) {
    return false;
  }
  return resource.pattern.empty() || (resource.pattern == "sync" && find_sync_rule(resource));
}

const SyncRule* find_sync_rule_of_event(std::string_view source, std::string_view detail_type) {
  for (const SyncRule& rule : kSyncRules) {
    if (rule.source == source && rule.detail_type == detail_type) return &rule;
  }
  return nullptr;
}

asl::Parsed load_definition(Call& call, const std::string& definition) {
  asl::Parsed parsed = asl::parse_machine(definition);
  parsed.machine.supports_field = supports_field(call.door);
  return parsed;
}

asl::Parsed examine_definition(Call& call, const std::string& definition) {
  asl::Parsed parsed = load_definition(call, definition);
  for (const asl::State* state : asl::in_order(parsed.machine)) {
    if (state->type == asl::StateType::task && !state->resource.arn.empty()) {
      check_task(call.door, *state, parsed.problems);
    }
  }
  return parsed;
}

asl::Machine check_definition(Call& call, const std::string& definition) {
  asl::Parsed parsed = examine_definition(call, definition);
  if (asl::has_errors(parsed.problems)) {
    throw errors::invalid_definition("Invalid State Machine Definition: '" +
                                     asl::to_text(parsed.problems) + "'");
  }
  return std::move(parsed.machine);
}

Caller assume_role(Call& call, const std::string& role_arn, std::string_view session_name,
                   const std::string& machine_arn) {
  return identity::assume_for_service(call.txn, role_arn, kPrincipal, session_name,
                                      {{"aws:SourceArn", machine_arn}});
}

void prepare_role(Call& call, const asl::Machine& machine, const std::string& role_arn,
                  const std::string& machine_arn) {
  Caller principal;
  try {
    principal = assume_role(call, role_arn, "StepFunctions", machine_arn);
  } catch (const ApiError&) {
    throw ApiError("AccessDeniedException", kBadRequest, std::string(kNotAssumable));
  }
  std::set<const SyncRule*> rules;
  for (const auto& [name, state] : machine.states) {
    const SyncRule* rule = find_sync_rule(state.resource);
    if (rule && rules.insert(rule).second) put_managed_rule(call, principal, *rule, role_arn);
  }
}

std::string api_operation(std::string_view operation) {
  std::string name(operation);
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] -= 'a' - 'A';
  return name;
}

json::object request_of(Call& call, const asl::CallTask& task, const std::string& execution_arn) {
  json::object input = task.parameters.as_object();
  std::string operation = api_operation(task.resource.operation);
  if (!operation.starts_with("Create") ||
      !call.door.has_member(task.resource.service, operation, "Tags")) {
    return input;
  }
  json::value& tags = input["Tags"];
  if (tags.is_null()) tags.emplace_array();
  if (json::array* list = tags.if_array()) {  // another type is for the operation to refuse
    list->push_back({{"Key", "MANAGED_BY_AWS"}, {"Value", "STARTED_BY_STEP_FUNCTIONS"}});
    list->push_back({{"Key", "AWS_STEP_FUNCTIONS_EXECUTION_ARN"}, {"Value", execution_arn}});
  }
  return input;
}

json::object response_of(Call& call, json::object output, const std::string& request_id) {
  std::string length = std::to_string(dump(output).size());
  const std::pair<std::string_view, std::string> headers[] = {
      {"x-amzn-RequestId", request_id},
      {"Content-Length", length},
      {"Date", http_date(call.now)},
      {"Content-Type", "application/x-amz-json-1.1"}};
  json::object all, first;
  for (const auto& [name, value] : headers) {
    all[name] = json::array{value};
    first[name] = value;
  }
  output["SdkHttpMetadata"] = {
      {"AllHttpHeaders", all}, {"HttpHeaders", first}, {"HttpStatusCode", kOk}};
  output["SdkResponseMetadata"] = {{"RequestId", request_id}};
  return output;
}

json::object describe_job(Call& call, const Caller& principal, const SyncRule& rule,
                          const std::string& arn) {
  json::object job = call.door.invoke(call, principal, rule.service, rule.describe_operation,
                                      {{rule.name_member, arn.substr(arn.rfind('/') + 1)}});
  json::object answer = call.door.invoke(call, principal, rule.service, "ListTags",
                                         {{"ResourceArn", arn}});
  json::value detail = std::move(job);
  times_to_millis(detail);
  json::object tags;
  if (const json::array* list = find_array(answer, "Tags")) {
    for (const json::value& tag : *list) tags[tag.at("Key").as_string()] = tag.at("Value");
  }
  detail.get_object()["Tags"] = std::move(tags);
  return std::move(detail.get_object());
}

asl::Failure failure_of(const asl::Resource& resource, const ApiError& error,
                        const std::string& request_id) {
  TRAINYARD_ASSERT(resource.service == "sagemaker");
  bool named = std::find(std::begin(kSageMakerErrors), std::end(kSageMakerErrors), error.code()) !=
               std::end(kSageMakerErrors);
  std::string name = named ? error.code() : "AmazonSageMakerException";
  if (!name.ends_with("Exception")) name += "Exception";
  return {"SageMaker." + name,
          fmt::format("{} (Service: AmazonSageMaker; Status Code: {}; Error Code: {}; Request ID: "
                      "{}; Proxy: null)",
                      error.message(), error.http_status(), error.code(), request_id)};
}

}  // namespace trainyard::states
