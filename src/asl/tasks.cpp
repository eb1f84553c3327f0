#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "asl/interpreter.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

namespace trainyard::asl {
namespace {

bool takes(const std::vector<std::string>& patterns, std::string_view error) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const auto& pattern) { return error_matches(pattern, error); });
}

/// How long a retrier waits before its retry number `count` (the first is 0).
Duration delay_of(const Retrier& retrier, int64_t count, Random& random) {
  double limit = static_cast<double>(retrier.max_delay_seconds.value_or(kSecondsMax));
  double seconds = std::min(
      limit, static_cast<double>(retrier.interval_seconds) * std::pow(retrier.backoff_rate, count));
  if (retrier.full_jitter) seconds *= random.uniform();
  return Duration(static_cast<int64_t>(std::llround(seconds * 1000)));
}

}  // namespace

bool error_matches(std::string_view pattern, std::string_view error) {
  if (error == kRuntime) return false;
  if (pattern == error) return true;
  if (pattern == kAll) return error != kDataLimitExceeded;
  return pattern == kTaskFailed && error != kTimeout;
}

json::object Interpreter::task_details() const {
  return {{"resourceType", state_->resource.service}, {"resource", state_->resource.action}};
}

/// The input of the call; nullopt after the execution has failed.
std::optional<json::value> Interpreter::task_parameters() {
  auto input = effective_input();
  auto parameters = input ? fill(state_->parameters, std::move(*input)) : std::nullopt;
  if (!parameters) return std::nullopt;
  std::vector<std::string> reasons;
  if (const json::object* object = parameters->if_object()) {
    for (const auto& member : *object) {
      if (!machine_.supports_field || machine_.supports_field(state_->resource, member.key())) {
        continue;
      }
      reasons.push_back(fmt::format("The field \"{}\" is not supported by Step Functions",
                                    std::string_view(member.key())));
    }
  } else {
    reasons.push_back("The value is not an object");
  }
  if (reasons.empty()) return parameters;
  fail_runtime(fmt::format("The Parameters '{}' could not be used to start the Task: [{}]",
                           dump(*parameters), join(reasons, ", ")));
  return std::nullopt;
}

/// A number of seconds of the definition or of the input; `ok` is false after a failure.
std::optional<int64_t> Interpreter::seconds_of(const std::optional<int64_t>& fixed,
                                               const std::optional<Path>& path, const char* field,
                                               const json::value& input, bool& ok) {
  if (!path) return fixed;
  auto value = path->find(scope_of(input));
  if (value && value->is_int64() && value->get_int64() > 0 && value->get_int64() <= kSecondsMax) {
    return value->get_int64();
  }
  ok = false;
  fail_runtime(fmt::format("The {} parameter does not reference a positive integer: {} == {}",
                           field, path->text(), value ? dump(*value) : "(not found)"));
  return std::nullopt;
}

void Interpreter::schedule() {
  auto parameters = task_parameters();
  if (!parameters) return;
  auto input = effective_input();
  if (!input) return;
  bool ok = true;
  auto timeout =
      seconds_of(state_->timeout_seconds, state_->timeout_path, "TimeoutSecondsPath", *input, ok);
  if (!ok) return;
  auto heartbeat = seconds_of(state_->heartbeat_seconds, state_->heartbeat_path,
                              "HeartbeatSecondsPath", *input, ok);
  if (!ok) return;
  std::string text = dump(*parameters);
  if (!within_limits(*parameters, text.size(), state_->resource.service)) return;
  json::object details = task_details();
  details["region"] = facts_.region;
  if (timeout) details["timeoutInSeconds"] = *timeout;
  if (heartbeat) details["heartbeatInSeconds"] = *heartbeat;
  add("TaskScheduled", "taskScheduledEventDetails", std::move(details), "parameters", text);
  add("TaskStarted", "taskStartedEventDetails", task_details());
  branch_.phase = Branch::Phase::calling;
  if (timeout) set_timer(timeout_timer(), now_ + std::chrono::seconds(*timeout));
  command(CallTask{call(), state_->resource, parameters->as_object()});
}

bool Interpreter::waits_for(const CallId& id, Branch::Phase phase) const {
  return state_ && state_->type == StateType::task && branch_.phase == phase && id == call();
}

void Interpreter::task_answered(const TaskAnswered& event) {
  if (waits_for(event.call, Branch::Phase::calling)) task_ended(event.result);
}

void Interpreter::task_submitted(const TaskSubmitted& event) {
  if (!waits_for(event.call, Branch::Phase::calling)) return;
  add("TaskSubmitted", "taskSubmittedEventDetails", task_details(), "output",
      dump(event.output));
  branch_.phase = Branch::Phase::submitted;
}

void Interpreter::task_completed(const TaskCompleted& event) {
  if (waits_for(event.call, Branch::Phase::submitted)) task_ended(event.result);
}

void Interpreter::task_ended(const TaskResult& result) {
  cancel_timer(timeout_timer());
  branch_.phase = Branch::Phase::ended;
  std::optional<Failure> failure = result.failure;
  std::string text = failure ? "" : dump(result.output);
  if (text.size() > kPayloadBytesMax) {
    failure = Failure{std::string(kDataLimitExceeded),
                      fmt::format("The state/task '{}' returned a result with a size exceeding the "
                                  "maximum number of bytes service limit.",
                                  state_->resource.service)};
  }
  if (failure) {
    json::object details = task_details();
    details["error"] = failure->error = clip(failure->error, kErrorCharsMax);
    details["cause"] = failure->cause = clip(failure->cause, kCauseCharsMax);
    add("TaskFailed", "taskFailedEventDetails", std::move(details));
    return handle_error(failure->error, failure->cause);
  }
  add("TaskSucceeded", "taskSucceededEventDetails", task_details(), "output", text);
  auto selected = fill(state_->result_selector, result.output);
  if (selected) leave_with(std::move(*selected), state_->next);
}

void Interpreter::task_timed_out() {
  command(CancelTask{call(), state_->resource});
  branch_.phase = Branch::Phase::ended;
  json::object details = task_details();
  details["error"] = kTimeout;
  add("TaskTimedOut", "taskTimedOutEventDetails", std::move(details));
  handle_error(std::string(kTimeout), std::nullopt);
}

void Interpreter::handle_error(const std::string& error, std::optional<std::string> cause) {
  if (full_ || retry(error) || caught(error, cause.value_or(""))) return;
  fail_execution(error, std::move(cause));
}

bool Interpreter::retry(const std::string& error) {
  for (std::size_t i = 0; i < state_->retriers.size(); ++i) {
    const Retrier& retrier = state_->retriers[i];
    if (!takes(retrier.errors, error)) continue;
    if (branch_.retries[i] >= retrier.max_attempts) return false;
    Duration delay = delay_of(retrier, branch_.retries[i]++, random_);
    ++branch_.attempt;
    branch_.phase = Branch::Phase::retrying;
    set_timer("retry:" + call().text(), now_ + delay);
    return true;
  }
  return false;
}

bool Interpreter::caught(const std::string& error, const std::string& cause) {
  for (const Catcher& catcher : state_->catchers) {
    if (!takes(catcher.errors, error)) continue;
    json::value result = json::object{{"Error", error}, {"Cause", cause}};
    json::value output = branch_.input;
    if (!catcher.result_path.none) {
      if (catcher.result_path.path.is_whole()) {
        output = std::move(result);
      } else if (!catcher.result_path.path.assign(output, std::move(result))) {
        fail_execution(
            std::string(kResultPathMatchFailure),
            in_state(fmt::format("Unable to apply ReferencePath {} to input {}",
                                 catcher.result_path.path.text(), dump(branch_.input))));
        return true;
      }
    }
    std::string text = dump(output);
    // When the error does not fit into the data, it ends the execution itself.
    if (text.size() > kPayloadBytesMax || depth_of(output) > kPayloadDepthMax) return false;
    add("TaskStateExited", "stateExitedEventDetails", {{"name", branch_.state}}, "output", text);
    branch_.phase = Branch::Phase::entering;
    branch_.state = catcher.next;
    branch_.input = std::move(output);
    return true;
  }
  return false;
}

}  // namespace trainyard::asl
