// SageMaker's optimised integration: tags on what an execution makes, responses with the facts of
// their HTTP exchange, errors of the SDK for Java v1, training jobs that are waited for.
#pragma once

#include "services/states/catalogue.hpp"
#include "services/states/jobs.hpp"

namespace trainyard::states {

extern const SyncRule kTrainingJobs;

/// A task's parameters with the tags that mark what an execution makes.
json::object sagemaker_request(Call& call, const Integration& integration, json::object parameters,
                               const std::string& execution_arn);
/// `SageMaker.ResourceInUseException`.
asl::Failure sagemaker_failure(const ApiError& error, const std::string& request_id);

}  // namespace trainyard::states
