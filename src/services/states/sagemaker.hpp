// SageMaker's optimised integration: tags on what an execution makes, responses with the facts of
// their HTTP exchange, errors of the SDK for Java v1, training jobs that are waited for.
#pragma once

#include "services/states/catalogue.hpp"
#include "services/states/jobs.hpp"

namespace trainyard::states {

extern const SyncRule kTrainingJobs;

/// A task's parameters with the tags that mark what an execution makes.
json::object sagemaker_request(const Door& door, const Integration& integration,
                               json::object parameters, const std::string& execution_arn);
/// A training job as its event has it, of what DescribeTrainingJob and ListTags answer.
json::object job_detail(json::object job, const json::object& tags);
/// How it ended; nullopt while it goes on.
std::optional<asl::TaskResult> job_result(const json::object& detail);
/// `SageMaker.ResourceInUseException`.
asl::Failure sagemaker_failure(const ApiError& error, const std::string& request_id);

}  // namespace trainyard::states
