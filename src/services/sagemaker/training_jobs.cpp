// The operations on training jobs.
#include "generated/sagemaker/errors.hpp"
#include "generated/sagemaker/operations.hpp"
#include "services/sagemaker/checks.hpp"
#include "services/sagemaker/listing.hpp"
#include "services/sagemaker/roles.hpp"
#include "services/sagemaker/training_life.hpp"

namespace trainyard::sagemaker {

CreateTrainingJobOutput create_training_job(Call& call, const CreateTrainingJobInput& input) {
  check_training_job(input, *call.site.runtimes);
  const std::string arn = arn_of(call.site, Kind::training_job, input.training_job_name);
  if (resource_exists(call.txn, Kind::training_job, input.training_job_name)) {
    throw errors::resource_in_use(
        "Training job names must be unique within an AWS account and region, and a training job "
        "with this name already exists (" + arn + ")");
  }
  check_role(call.txn, input.role_arn);
  start_training_job(call, input);
  return {.training_job_arn = arn};
}

DescribeTrainingJobOutput describe_training_job(Call& call,
                                                const DescribeTrainingJobInput& input) {
  return describe(call.txn, call.site, get_training_job(call, input.training_job_name));
}

ListTrainingJobsOutput list_training_jobs(Call& call, const ListTrainingJobsInput& input) {
  // There are no warm pools and no training plans here, so a filter on them matches no job.
  if (input.warm_pool_status_equals || input.training_plan_arn_equals) return {};
  Page page = list_resources(call.txn, Kind::training_job, filters_of(input, false));
  ListTrainingJobsOutput output;
  output.next_token = page.next_token;
  for (const Resource& resource : page.resources) {
    auto job = find_training_job(call.txn, resource.name);
    TrainingJobSummary summary;
    summary.training_job_name = resource.name;
    summary.training_job_arn = arn_of(call.site, Kind::training_job, resource.name);
    summary.creation_time = resource.created;
    summary.last_modified_time = resource.modified;
    summary.training_job_status = resource.status;
    summary.training_end_time = job->ended;
    summary.secondary_status = job->secondary;
    output.training_job_summaries.push_back(std::move(summary));
  }
  return output;
}

StopTrainingJobOutput stop_training_job(Call& call, const StopTrainingJobInput& input) {
  TrainingJob job = get_training_job(call, input.training_job_name);
  if (job.has_ended()) {
    throw invalid("The request was rejected because the training job is in status " +
                  job.resource.status + ".");
  }
  stop_training_job(call, job, StopCause::user);
  return {};
}

}  // namespace trainyard::sagemaker
