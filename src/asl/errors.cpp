// When something goes wrong: retriers, catchers, and the end of the branch.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "asl/interpreter.hpp"

namespace trainyard::asl {
namespace {

/// `of_branch`: the error is that of a Parallel's branch, which States.BranchFailed takes too.
bool takes(const std::vector<std::string>& patterns, std::string_view error, bool of_branch) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
    if (error_matches(pattern, error)) return true;
    return of_branch && pattern == kBranchFailed && error_matches(kAll, error);
  });
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
  const bool timeout = error == kTimeout || error == kHeartbeatTimeout;
  return (pattern == kTaskFailed && !timeout) || (pattern == kTimeout && timeout);
}

void Interpreter::handle_error(const std::string& error, std::optional<std::string> cause,
                               bool of_branch) {
  restore_input();
  if (full_) return;
  if (error == kRuntime) return fail_execution(error, std::move(cause));
  clip_to(cause, kCauseCharsMax);
  break_group();
  of_branch = of_branch && state_->type == StateType::parallel;
  if (retry(error, of_branch) || caught(error, cause.value_or(""), of_branch)) return;
  // Then a redrive begins the state anew (Step Functions Developer Guide, "Redriving executions").
  if (error == kDataLimitExceeded) drop_group();
  fail_branch(error.empty() ? std::nullopt : std::optional(error), std::move(cause));
}

bool Interpreter::retry(const std::string& error, bool of_branch) {
  for (std::size_t i = 0; i < state_->retriers.size(); ++i) {
    const Retrier& retrier = state_->retriers[i];
    if (!takes(retrier.errors, error, of_branch)) continue;
    if (branch_->retries[i] >= retrier.max_attempts) return false;
    Duration delay = delay_of(retrier, branch_->retries[i]++, random_);
    drop_group();
    ++branch_->attempt;
    branch_->phase = Phase::retrying;
    set_timer("retry:" + call().text(), now_ + delay);
    return true;
  }
  return false;
}

bool Interpreter::caught(const std::string& error, const std::string& cause, bool of_branch) {
  for (const Catcher& catcher : state_->catchers) {
    if (!takes(catcher.errors, error, of_branch)) continue;
    json::value result = json::object{{"Error", error}, {"Cause", cause}};
    json::value output = branch_->input;
    const Path& path = catcher.result_path.path;
    if (!catcher.result_path.none && !path.assign(output, std::move(result))) {
      fail_branch(std::string(kResultPathMatchFailure), cannot_place(path));
      return true;
    }
    std::string text = dump(output);
    // When the error does not fit into the data, it goes on to whatever is outside.
    if (text.size() > kPayloadBytesMax || depth_of(output) > kPayloadDepthMax) return false;
    if (!hold(output)) return true;
    add_of_state("StateExited", "stateExitedEventDetails", {{"name", branch_->state}}, "output",
                 text);
    drop_group();
    branch_->state = catcher.next;
    branch_->input = std::move(output);
    branch_->input_text = std::move(text);
    make_ready(Phase::entering);
    return true;
  }
  return false;
}

/// Nothing in the branch takes the error: the group that it belongs to fails, or the execution.
void Interpreter::fail_branch(std::optional<std::string> error, std::optional<std::string> cause) {
  restore_input();
  if (full_) return;
  break_group();
  branch_->phase = branch_->group ? Phase::grouped : Phase::failed;
  if (id_ == kRoot) return end(Status::failed, "", std::move(error), std::move(cause));
  const int64_t child = id_;
  const int64_t last = branch_->last_event;  // MapIterationFailed causes nothing
  if (is_iteration()) add_iteration_event("Failed");
  focus(*branch_->parent);
  branch_->last_event = last;
  break_group(child);
  handle_error(error.value_or(""), std::move(cause), true);
}

void Interpreter::fail_execution(std::string error, std::optional<std::string> cause) {
  restore_input();
  if (full_) return;
  if (branch_->phase != Phase::grouped) branch_->phase = Phase::failed;
  end(Status::failed, "", std::move(error), std::move(cause));
}

void Interpreter::fail_runtime(const std::string& text) {
  fail_execution(std::string(kRuntime), in_state(text));
}

std::string Interpreter::cannot_place(const Path& path) {
  return in_state(
      fmt::format("Unable to apply ReferencePath {} to input {}", path.text(), input_text()));
}

std::string Interpreter::in_state(const std::string& text) const {
  return fmt::format(
      "An error occurred while executing the state '{}' (entered at the event id #{}). {}",
      branch_->state, branch_->entered, text);
}

}  // namespace trainyard::asl
