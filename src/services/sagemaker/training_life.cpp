#include "services/sagemaker/training_life.hpp"

#include <algorithm>
#include <set>

#include "services/sagemaker/events.hpp"
#include "services/sagemaker/facts.hpp"
#include "services/sagemaker/plan.hpp"
#include "services/sagemaker/reasons.hpp"
#include "services/sagemaker/tags.hpp"
#include "wire/json.hpp"

namespace trainyard::sagemaker {
namespace {

struct Phase {
  std::string_view status;
  std::string_view message;
};
// In the words of AWS, which clients print.
constexpr Phase kPhases[] = {
    {"Starting", "Starting the training job"},
    {"Downloading", "Downloading input data"},
    {"Training", "Training image download completed. Training in progress."},
    {"Uploading", "Uploading generated training model"}};
constexpr std::size_t kDownloading = 1, kTraining = 2, kUploading = 3;

/// Which phase a SecondaryStatus is; 0 for those before the first download.
std::size_t rank_of(std::string_view status) {
  for (std::size_t i = 0; i < std::size(kPhases); ++i) {
    if (kPhases[i].status == status) return i;
  }
  return 0;
}

void announce(Call& call, const TrainingJob& job) {
  update_resource(call.txn, to_resource(job));
  post_state_change(call, Kind::training_job, job.resource.name,
                    "SageMaker Training Job State Change", describe(call.txn, call.site, job));
}

/// Ends the last transition and begins the next. Agents' clocks are this machine's, but their
/// reports may come late: times stay in order whatever they say.
void enter(Call& call, TrainingJob& job, std::string_view status, std::string_view message,
           Time at) {
  at = std::min(at, call.now);
  if (!job.transitions.empty()) {
    Transition& last = job.transitions.back();
    at = std::max(at, last.start);
    if (!last.end) last.end = at;
  }
  job.transitions.push_back({std::string(status), std::string(message), at, std::nullopt});
  job.secondary = status;
  job.resource.modified = call.now;
}

/// Enters every phase up to `rank`: a report may have been lost with a daemon, its phase was not.
void enter_phases(Call& call, TrainingJob& job, std::size_t rank, Time at) {
  for (std::size_t next = rank_of(job.secondary) + 1; next <= rank; ++next) {
    enter(call, job, kPhases[next].status, kPhases[next].message, at);
    Time begun = job.transitions.back().start;
    if (next == kDownloading && !job.started) job.started = begun;
    if (next == kTraining && !job.training_since) job.training_since = begun;
  }
}

void begin_attempt(Call& call, TrainingJob& job) {
  CreateTrainingJobInput request = job.request();
  std::vector<std::string> hosts = training_hosts(request);
  Attempt attempt;
  attempt.owner_kind = Kind::training_job;
  attempt.owner = job.resource.name;
  attempt.role_arn = request.role_arn;
  insert_attempt(call, attempt, hosts);
  job.attempt = attempt.id;
  submit_attempt(call, attempt, hosts, training_plan(call.site, request, attempt));
}

void post_max_runtime(Call& call, const TrainingJob& job, const Attempt& attempt) {
  std::chrono::seconds limit(max_runtime_seconds(job.request()));
  post_deadline(call, attempt.id, "max_runtime", *job.training_since + limit);
}

void finish(Call& call, TrainingJob& job, std::string_view status, std::string_view secondary,
            std::string_view message, Time at) {
  enter(call, job, secondary, message, at);
  job.transitions.back().end = job.transitions.back().start;
  job.ended = job.transitions.back().start;
  job.resource.status = status;
  announce(call, job);
}

/// RetryStrategy: a failure that is ours, not the program's, is tried again while tries are left.
bool retry(Call& call, TrainingJob& job) {
  auto strategy = job.request().retry_strategy;
  if (!strategy || job.retries >= strategy->maximum_retry_attempts || is_stopping(call.txn) ||
      !job.failure.starts_with("InternalServerError")) {
    return false;
  }
  ++job.retries;
  job.stop = StopCause::none;
  job.failure.clear();
  enter(call, job, "Restarting", "Restarting the training job after an internal error", call.now);
  begin_attempt(call, job);
  announce(call, job);
  return true;
}

/// After a stop, a program that dies of its signal is no failure; results that could not be stored
/// are one.
const Instance* failure_after_stop(const std::vector<Instance>& instances) {
  for (const Instance& instance : instances) {
    if (instance.outcome == "failed" && instance.error != "AlgorithmError") return &instance;
  }
  return nullptr;
}

/// Every instance has ended: what became of the job?
void conclude(Call& call, TrainingJob& job, const std::vector<Instance>& instances, Time at) {
  const bool stopped = std::any_of(instances.begin(), instances.end(),
                                   [](const auto& one) { return one.outcome == "stopped"; });
  if (job.stop == StopCause::failure) {
    if (!retry(call, job)) finish(call, job, "Failed", "Failed", "Training job failed", at);
    return;
  }
  if (job.stop == StopCause::none && !stopped) {
    enter_phases(call, job, kUploading, at);
    finish(call, job, "Completed", "Completed", "Training job completed", at);
    return;
  }
  if (const Instance* failed = failure_after_stop(instances)) {
    job.failure = failure_reason(failed->error, failed->reason);
    finish(call, job, "Failed", "Failed", "Training job failed", at);
  } else if (job.stop == StopCause::deadline) {
    finish(call, job, "Stopped", "MaxRuntimeExceeded",
           "Training job runtime exceeded MaxRuntimeInSeconds provided", at);
  } else {
    finish(call, job, "Stopped", "Stopped", "Training job stopped", at);
  }
}

/// Moves the job on to the phase that all of its instances have reached. True when it moved.
bool merge_phases(Call& call, TrainingJob& job, const Attempt& attempt,
                  const std::vector<Instance>& instances, Time at) {
  if (job.stop != StopCause::none) return false;
  std::size_t reached = kUploading;
  for (const Instance& instance : instances) {
    reached = std::min(reached, instance.ended ? kUploading : rank_of(instance.phase));
  }
  if (reached <= rank_of(job.secondary)) return false;
  const bool trained = rank_of(job.secondary) >= kTraining;
  enter_phases(call, job, reached, at);
  if (!trained && reached >= kTraining) post_max_runtime(call, job, attempt);
  return true;
}

}  // namespace

void start_training_job(Call& call, const CreateTrainingJobInput& input) {
  TrainingJob job;
  job.resource.kind = Kind::training_job;
  job.resource.name = input.training_job_name;
  job.resource.status = "InProgress";
  job.resource.created = job.resource.modified = call.now;
  job.resource.request = wire::to_json(input);
  job.resource.request.erase("Tags");
  enter(call, job, kPhases[0].status, kPhases[0].message, call.now);
  insert_resource(call.txn, to_resource(job));
  if (input.tags) put_tags(call.txn, Kind::training_job, job.resource.name, *input.tags);
  begin_attempt(call, job);
  announce(call, job);
  if (is_stopping(call.txn)) stop_training_job(call, job, StopCause::user);
}

void stop_training_job(Call& call, TrainingJob& job, StopCause cause) {
  if (job.has_ended() || job.stop != StopCause::none) return;
  job.stop = cause;
  job.resource.status = "Stopping";
  enter(call, job, "Stopping", "Stopping the training job", call.now);
  if (auto attempt = find_attempt(call.txn, job.attempt)) cancel_attempt(call, *attempt);
  announce(call, job);
}

void training_phase(Call& call, const Attempt& attempt, std::string_view host,
                    std::string_view phase, Time at) {
  auto instance = find_instance(call.txn, attempt.id, host);
  if (!instance || instance->ended || rank_of(phase) <= rank_of(instance->phase)) return;
  set_phase(call.txn, attempt, host, phase, at);
  auto job = find_training_job(call.txn, attempt.owner);
  TRAINYARD_ASSERT(job.has_value());
  if (merge_phases(call, *job, attempt, instances_of(call.txn, attempt.id), at)) {
    announce(call, *job);
  }
}

void training_ended(Call& call, Attempt& attempt, const Instance& instance) {
  if (!end_instance(call.txn, attempt, instance)) return;
  auto job = find_training_job(call.txn, attempt.owner);
  TRAINYARD_ASSERT(job.has_value());
  std::vector<Instance> instances = instances_of(call.txn, attempt.id);
  const bool all_ended = std::all_of(instances.begin(), instances.end(),
                                     [](const auto& one) { return one.ended.has_value(); });
  const bool failed = instance.outcome == "failed" || instance.outcome == "lost";
  if (failed && job->stop == StopCause::none) {
    job->stop = StopCause::failure;
    job->failure = failure_reason(instance.error, instance.reason);
    if (!all_ended) cancel_attempt(call, attempt);
  }
  Time at = instance.ended.value_or(call.now);
  if (all_ended) {
    close_attempt(call, attempt);
    conclude(call, *job, instances, at);
  } else if (merge_phases(call, *job, attempt, instances, at)) {
    announce(call, *job);
  } else {
    update_resource(call.txn, to_resource(*job));
  }
}

json::array training_metrics(Call& call, const Attempt& attempt, const json::array& metrics) {
  auto job = find_training_job(call.txn, attempt.owner);
  TRAINYARD_ASSERT(job.has_value());
  auto algorithm = job->request().algorithm_specification;
  std::set<std::string> defined;
  if (algorithm && algorithm->metric_definitions) {
    for (const auto& metric : *algorithm->metric_definitions) defined.insert(metric.name);
  }
  json::array taken;
  for (const json::value& value : metrics) {
    const json::object* metric = value.if_object();
    if (metric == nullptr) throw invalid("a metric is not an object");
    auto name = find_string(*metric, "name");
    auto at = find_integer(*metric, "timestamp");
    const json::value* number = find(*metric, "value");
    if (!name || !at || number == nullptr || !number->is_number()) {
      throw invalid("a metric needs name, value and timestamp");
    }
    if (!defined.contains(*name)) continue;
    call.txn.exec("INSERT INTO sagemaker_metrics (job, name, value, at) VALUES (?, ?, ?, ?) "
                  "ON CONFLICT (job, name) DO UPDATE SET value = excluded.value, at = excluded.at "
                  "WHERE excluded.at >= sagemaker_metrics.at",
                  job->resource.name, *name, number->to_number<double>(), *at);
    taken.push_back(value);
  }
  return taken;
}

}  // namespace trainyard::sagemaker
