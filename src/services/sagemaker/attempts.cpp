#include "services/sagemaker/attempts.hpp"

#include "base/hash.hpp"
#include "base/log.hpp"
#include "services/sagemaker/endpoint_life.hpp"
#include "services/sagemaker/facts.hpp"
#include "services/sagemaker/machine.hpp"
#include "services/sagemaker/notebook_life.hpp"
#include "services/sagemaker/plan.hpp"
#include "services/sagemaker/stored.hpp"
#include "services/sagemaker/training_life.hpp"

namespace trainyard::sagemaker {
namespace {

constexpr std::string_view kTrainingPhases[] = {"Downloading", "Training", "Uploading"};
/// SageMaker Developer Guide, "Metrics for jobs and endpoint instances".
constexpr const char* kTrainingNamespace = "/aws/sagemaker/TrainingJobs";
constexpr std::string_view kServingPhases[] = {"InService", "Unhealthy"};

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// How an instance ended, as its receipt says. One that cannot be read is our fault.
Instance read_receipt(const std::string& host, const json::object& receipt, Time now) {
  Instance instance;
  instance.host = host;
  instance.outcome = stored_text(receipt, "outcome");
  instance.error = stored_text(receipt, "error");
  instance.reason = stored_text(receipt, "reason");
  instance.ended = std::min(stored_time(receipt, "ended").value_or(now), now);
  if (instance.outcome != "succeeded" && instance.outcome != "failed" &&
      instance.outcome != "stopped") {
    instance.outcome = "failed";
    instance.error = "InternalServerError";
    instance.reason = "the result that the instance " + host + " left cannot be read";
  }
  return instance;
}

void end(Call& call, Attempt& attempt, const Instance& instance) {
  switch (attempt.owner_kind) {
    case Kind::training_job: return training_ended(call, attempt, instance);
    case Kind::notebook_instance: return notebook_ended(call, attempt, instance);
    default: return serving_ended(call, attempt, instance);
  }
}

void take_phase(Call& call, Attempt& attempt, const std::string& host, const std::string& phase,
                Time at) {
  const bool training = attempt.owner_kind == Kind::training_job;
  const bool serving_word = contains(kServingPhases, phase);
  if (!serving_word && !contains(kTrainingPhases, phase)) {
    throw invalid("unknown phase '" + phase + "'");
  }
  if (serving_word == training) return;  // another kind's
  if (training) return training_phase(call, attempt, host, phase, at);
  if (attempt.owner_kind == Kind::notebook_instance) {
    return notebook_phase(call, attempt, host, phase, at);
  }
  serving_phase(call, attempt, host, phase, at);
}

/// A start that takes too long.
void start_expired(Call& call, Attempt& attempt) {
  if (attempt.owner_kind == Kind::notebook_instance) return notebook_start_expired(call, attempt);
  startup_expired(call, attempt);
}

}  // namespace

bool check_token(Txn& txn, const std::string& attempt, const std::string& token) {
  auto found = find_attempt(txn, attempt);
  return found && equal_in_constant_time(found->token, token);
}

bool owns_log(Txn& txn, const std::string& attempt, const std::string& group,
              const std::string& stream) {
  auto found = find_attempt(txn, attempt);
  if (!found || group != log_group_of(*found)) return false;
  auto instances = instances_of(txn, attempt);
  return std::any_of(instances.begin(), instances.end(), [&](const Instance& instance) {
    return stream == log_stream_of(*found, instance.host);
  });
}

std::string role_of(Txn& txn, const std::string& attempt) {
  auto found = find_attempt(txn, attempt);
  if (!found || found->ended) throw invalid("The attempt " + attempt + " is not running.");
  return found->role_arn;
}

bool is_cancelled(Txn& txn, const std::string& attempt) {
  auto found = find_attempt(txn, attempt);
  return found && found->cancelled;
}

std::vector<std::string> live_attempts(Txn& txn) {
  std::vector<std::string> ids;
  txn.each("SELECT id FROM sagemaker_attempts WHERE ended IS NULL ORDER BY id",
           [&](const Row& row) { ids.push_back(row.text(0)); });
  return ids;
}

void agent_report(Call& call, const std::string& attempt, const std::string& host,
                  const json::object& report) {
  auto found = find_attempt(call.txn, attempt);
  if (!found || found->ended) return;
  if (!find_instance(call.txn, attempt, host)) {
    throw invalid("The attempt " + attempt + " has no instance " + host + ".");
  }
  std::string phase = stored_text(report, "phase");
  Time at = std::min(stored_time(report, "at").value_or(call.now), call.now);
  if (phase != "Ended") return take_phase(call, *found, host, phase, at);
  const json::object* receipt = find_object(report, "receipt");
  end(call, *found, read_receipt(host, receipt ? *receipt : json::object{}, call.now));
}

std::optional<JobMetrics> put_metrics(Call& call, const std::string& attempt,
                                      const std::string& host, const json::object& body) {
  auto found = find_attempt(call.txn, attempt);
  if (!found || found->owner_kind != Kind::training_job) return std::nullopt;
  if (!find_instance(call.txn, attempt, host)) {
    throw invalid("The attempt " + attempt + " has no instance " + host + ".");
  }
  const json::array* metrics = find_array(body, "metrics");
  if (metrics == nullptr) throw invalid("metrics must be a list");
  return JobMetrics{{kTrainingNamespace, {{"TrainingJobName", found->owner}}},
                    training_metrics(call, *found, *metrics)};
}

std::optional<MetricsHome> usage_home(Txn& txn, const std::string& attempt,
                                      const std::string& host) {
  const auto found = find_attempt(txn, attempt);
  if (!found || !find_instance(txn, attempt, host)) return std::nullopt;
  switch (found->owner_kind) {
    case Kind::training_job:
      return MetricsHome{kTrainingNamespace, {{"Host", found->owner + "/" + host}}};
    case Kind::endpoint:
      return MetricsHome{"/aws/sagemaker/Endpoints",
                         {{"EndpointName", found->owner}, {"VariantName", found->variant}}};
    default: return std::nullopt;
  }
}

void instance_lost(Call& call, const std::string& attempt, const std::string& host,
                   const std::string& reason) {
  auto found = find_attempt(call.txn, attempt);
  if (!found || found->ended || !find_instance(call.txn, attempt, host)) return;
  Instance instance;
  instance.host = host;
  instance.outcome = "lost";
  instance.error = "InternalServerError";
  instance.reason = host + ": " + reason;
  instance.ended = call.now;
  if (is_of_earlier_boot(call.txn, found->created)) {
    instance.reason = host + ": the machine was started anew while the instance ran";
  }
  end(call, *found, instance);
}

void stop_everything(Call& call) {
  set_fact(call.txn, kStoppingFact, 1);
  for (const std::string& id : live_attempts(call.txn)) {
    auto attempt = find_attempt(call.txn, id);
    if (attempt->owner_kind != Kind::training_job) continue;
    auto job = find_training_job(call.txn, attempt->owner);
    if (job) stop_training_job(call, *job, StopCause::user);
  }
  stop_endpoints(call);
  stop_notebooks(call);
}

void restore(Call& call) {
  set_fact(call.txn, kStoppingFact, 0);
  const std::string& boot = this_machine().boot;
  if (!boot.empty() && fact_text(call.txn, kBootFact) != boot) {
    set_fact(call.txn, kBootFact, 0, boot);
    set_fact(call.txn, kBootedFact, to_millis(call.now));
  }
  restore_endpoints(call);
  restore_notebooks(call);
}

void deliver_deadline(Call& call, const outbox::Message& message) {
  const std::string what = stored_text(message.payload, "what");
  if (what == "replace") return replace_instance(call, message.payload);
  auto attempt = find_attempt(call.txn, message.key);
  if (!attempt || attempt->ended) return;
  if (what == "max_runtime") {
    auto job = find_training_job(call.txn, attempt->owner);
    if (job && job->attempt == attempt->id) stop_training_job(call, *job, StopCause::deadline);
  } else if (what == "startup") {
    start_expired(call, *attempt);
  } else if (what == "unhealthy") {
    unhealthy_expired(call, *attempt, from_millis(stored_integer(message.payload, "since")));
  } else {
    log_error("a deadline of unknown kind '{}' for attempt {} is dropped", what, attempt->id);
  }
}

}  // namespace trainyard::sagemaker
