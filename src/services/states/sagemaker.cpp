#include "services/states/sagemaker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace trainyard::states {
namespace {

/// Errors that SageMaker's model names; all others come as AmazonSageMakerException.
constexpr std::string_view kErrors[] = {"ConflictException", "ResourceInUse",
                                        "ResourceLimitExceeded", "ResourceNotFound"};
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

std::string name_of_job(const std::string& arn) { return arn.substr(arn.rfind('/') + 1); }

std::optional<asl::TaskResult> result_of_job(Call&, const asl::Resource&, const std::string&,
                                             const json::object& detail) {
  return job_result(detail);
}

json::object describe_job(Call& call, const Caller& principal, const std::string& arn) {
  json::object job = call.door.invoke(call, principal, "sagemaker", "DescribeTrainingJob",
                                      {{"TrainingJobName", name_of_job(arn)}});
  return job_detail(std::move(job), call.door.invoke(call, principal, "sagemaker", "ListTags",
                                                     {{"ResourceArn", arn}}));
}

void stop_job(Call& call, const Caller& principal, const std::string& arn) {
  call.door.invoke(call, principal, "sagemaker", "StopTrainingJob",
                   {{"TrainingJobName", name_of_job(arn)}});
}

}  // namespace

const SyncRule kTrainingJobs = {
    .service = "sagemaker",
    .operation = "createTrainingJob",
    .arn_member = "TrainingJobArn",
    .source = "aws.sagemaker",
    .detail_type = "SageMaker Training Job State Change",
    .managed_rule = "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
    .result = result_of_job,
    .describe = describe_job,
    .stop = stop_job};

json::object job_detail(json::object job, const json::object& tags) {
  json::value detail = std::move(job);
  times_to_millis(detail);
  json::object by_key;
  if (const json::array* list = find_array(tags, "Tags")) {
    for (const json::value& tag : *list) by_key[tag.at("Key").as_string()] = tag.at("Value");
  }
  detail.get_object()["Tags"] = std::move(by_key);
  return std::move(detail.get_object());
}

std::optional<asl::TaskResult> job_result(const json::object& detail) {
  std::string status = find_string(detail, "TrainingJobStatus").value_or("");
  if (status == "Completed") return asl::TaskResult{detail, std::nullopt};
  if (status != "Failed" && status != "Stopped") return std::nullopt;
  return asl::TaskResult{nullptr, asl::Failure{std::string(asl::kTaskFailed), dump(detail)}};
}

json::object sagemaker_request(const Door& door, const Integration& integration,
                               json::object parameters, const std::string& execution_arn) {
  if (!integration.operation.starts_with("Create") ||
      !door.has_member(integration.service, integration.operation, "Tags")) {
    return parameters;
  }
  json::value& tags = parameters["Tags"];
  if (tags.is_null()) tags.emplace_array();
  if (json::array* list = tags.if_array()) {  // another type is for the operation to refuse
    list->push_back({{"Key", "MANAGED_BY_AWS"}, {"Value", "STARTED_BY_STEP_FUNCTIONS"}});
    list->push_back({{"Key", "AWS_STEP_FUNCTIONS_EXECUTION_ARN"}, {"Value", execution_arn}});
  }
  return parameters;
}

asl::Failure sagemaker_failure(const ApiError& error, const std::string& request_id) {
  bool named = std::find(std::begin(kErrors), std::end(kErrors), error.code()) != std::end(kErrors);
  std::string name = named ? error.code() : "AmazonSageMakerException";
  if (!name.ends_with("Exception")) name += "Exception";
  return {"SageMaker." + name,
          fmt::format("{} (Service: AmazonSageMaker; Status Code: {}; Error Code: {}; Request ID: "
                      "{}; Proxy: null)",
                      error.message(), error.http_status(), error.code(), request_id)};
}

}  // namespace trainyard::states
