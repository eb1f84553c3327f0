#include "services/sagemaker/training_job.hpp"

#include "services/sagemaker/stored.hpp"
#include "wire/json.hpp"

namespace trainyard::sagemaker {
namespace {

constexpr int32_t kMaxRuntimeDefaultSeconds = 86'400;  // StoppingCondition, "default … 1 day"
constexpr int64_t kMillisPerSecond = 1000;

constexpr std::string_view kStopCauses[] = {"", "user", "deadline", "failure"};

StopCause stop_cause(std::string_view word) {
  for (std::size_t i = 0; i < std::size(kStopCauses); ++i) {
    if (kStopCauses[i] == word) return static_cast<StopCause>(i);
  }
  return StopCause::none;
}

json::array transitions_to_json(const std::vector<Transition>& transitions) {
  json::array array;
  for (const Transition& transition : transitions) {
    json::object object{{"status", transition.status},
                        {"message", transition.message},
                        {"start", to_millis(transition.start)}};
    store_time(object, "end", transition.end);
    array.push_back(std::move(object));
  }
  return array;
}

std::vector<Transition> transitions_from_json(const json::object& state) {
  std::vector<Transition> transitions;
  for (const json::value& value : state.at("transitions").as_array()) {
    const json::object& object = value.as_object();
    transitions.push_back({stored_text(object, "status"), stored_text(object, "message"),
                           from_millis(stored_integer(object, "start")),
                           stored_time(object, "end")});
  }
  return transitions;
}

std::vector<SecondaryStatusTransition> shown(const std::vector<Transition>& transitions) {
  std::vector<SecondaryStatusTransition> result;
  for (const Transition& transition : transitions) {
    result.push_back({transition.status, transition.start, transition.end, transition.message});
  }
  return result;
}

std::vector<MetricData> final_metrics(Txn& txn, std::string_view job) {
  std::vector<MetricData> metrics;
  txn.each("SELECT name, value, at FROM sagemaker_metrics WHERE job = ? ORDER BY name",
           [&](const Row& row) {
             metrics.push_back({row.text(0), static_cast<float>(row.real(1)), row.time(2)});
           },
           job);
  return metrics;
}

}  // namespace

CreateTrainingJobInput TrainingJob::request() const {
  return wire::from_json<CreateTrainingJobInput>(resource.request);
}

std::optional<TrainingJob> find_training_job(Txn& txn, std::string_view name) {
  auto resource = find_resource(txn, Kind::training_job, name);
  if (!resource) return std::nullopt;
  const json::object& state = resource->state;
  TrainingJob job;
  job.secondary = stored_text(state, "secondary");
  job.transitions = transitions_from_json(state);
  job.attempt = stored_text(state, "attempt");
  job.retries = stored_integer(state, "retries");
  job.stop = stop_cause(stored_text(state, "stop"));
  job.failure = stored_text(state, "failure");
  job.started = stored_time(state, "started");
  job.training_since = stored_time(state, "training_since");
  job.ended = stored_time(state, "ended");
  job.resource = std::move(*resource);
  return job;
}

TrainingJob get_training_job(Call& call, std::string_view name) {
  auto job = find_training_job(call.txn, name);
  if (!job) throw invalid("Requested resource not found.");
  return std::move(*job);
}

Resource to_resource(const TrainingJob& job) {
  Resource resource = job.resource;
  resource.state = {{"secondary", job.secondary},
                    {"transitions", transitions_to_json(job.transitions)},
                    {"attempt", job.attempt},
                    {"retries", job.retries},
                    {"stop", kStopCauses[static_cast<std::size_t>(job.stop)]},
                    {"failure", job.failure}};
  store_time(resource.state, "started", job.started);
  store_time(resource.state, "training_since", job.training_since);
  store_time(resource.state, "ended", job.ended);
  return resource;
}

std::string artifact_uri(const CreateTrainingJobInput& request, std::string_view file) {
  std::string uri = request.output_data_config.s3_output_path;
  while (uri.ends_with('/')) uri.pop_back();
  return uri + "/" + request.training_job_name + "/output/" + std::string(file);
}

int32_t max_runtime_seconds(const CreateTrainingJobInput& request) {
  if (!request.stopping_condition) return kMaxRuntimeDefaultSeconds;
  return request.stopping_condition->max_runtime_in_seconds.value_or(kMaxRuntimeDefaultSeconds);
}

DescribeTrainingJobOutput describe(Txn& txn, const Site& site, const TrainingJob& job) {
  // Members that the request and the description share have the same names and shapes.
  auto output = wire::from_json<DescribeTrainingJobOutput>(job.resource.request);
  CreateTrainingJobInput request = job.request();
  output.training_job_arn = arn_of(site, Kind::training_job, job.resource.name);
  output.model_artifacts.s3_model_artifacts = artifact_uri(request, "model.tar.gz");
  output.training_job_status = job.resource.status;
  output.secondary_status = job.secondary;
  if (!job.failure.empty() && job.has_ended()) output.failure_reason = job.failure;
  // SDKs read KmsKeyId without asking whether it is there.
  output.output_data_config->kms_key_id = output.output_data_config->kms_key_id.value_or("");
  output.stopping_condition.max_runtime_in_seconds = max_runtime_seconds(request);
  output.creation_time = job.resource.created;
  output.last_modified_time = job.resource.modified;
  output.training_start_time = job.started;
  output.training_end_time = job.ended;
  output.secondary_status_transitions = shown(job.transitions);
  output.enable_network_isolation = request.enable_network_isolation.value_or(false);
  output.enable_inter_container_traffic_encryption =
      request.enable_inter_container_traffic_encryption.value_or(false);
  output.enable_managed_spot_training = request.enable_managed_spot_training.value_or(false);
  if (job.started && job.ended) {
    int64_t millis = (*job.ended - *job.started).count();
    auto seconds = static_cast<int32_t>((millis + kMillisPerSecond - 1) / kMillisPerSecond);
    output.training_time_in_seconds = seconds;
    output.billable_time_in_seconds = seconds;
  }
  auto metrics = final_metrics(txn, job.resource.name);
  if (!metrics.empty()) output.final_metric_data_list = std::move(metrics);
  return output;
}

}  // namespace trainyard::sagemaker
