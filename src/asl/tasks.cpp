#include <fmt/format.h>

#include <utility>

#include "asl/interpreter.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

namespace trainyard::asl {

/// The input of the call; nullopt after the failure was handled.
std::optional<json::value> Interpreter::task_parameters(const Seen& input) {
  auto filled = fill(state_->parameters, input);
  if (!filled) return std::nullopt;
  json::value parameters = filled->take();
  if (state_->resource.is_activity) return parameters;
  std::vector<std::string> reasons;
  if (const json::object* object = parameters.if_object()) {
    for (const auto& member : *object) {
      if (!facts_.supports_field || facts_.supports_field(state_->resource, member.key())) {
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
                           dump(parameters), join(reasons, ", ")));
  return std::nullopt;
}

/// The role of Credentials; nullopt without, or after a failure: then `ok` is false.
std::optional<std::string> Interpreter::task_role(const Seen& input, bool& ok) {
  if (!state_->credentials) return std::nullopt;
  auto filled = fill(state_->credentials, input);
  ok = filled.has_value();
  if (!ok) return std::nullopt;
  const json::value* role = (**filled).as_object().if_contains("RoleArn");
  if (role && role->is_string()) return to_std(role->get_string());
  ok = false;
  fail_runtime(fmt::format("The Credentials '{}' have no text in RoleArn.", dump(**filled)));
  return std::nullopt;
}

void Interpreter::schedule() {
  branch_->nonce = state_->resource.by_token() ? random_.uuid() : "";
  auto input = effective_input();
  auto parameters = input ? task_parameters(*input) : std::nullopt;
  if (!parameters) return;
  bool ok = true;
  auto timeout = number_of(state_->timeout_seconds, state_->timeout_path, "TimeoutSecondsPath",
                           **input, 1, kSecondsMax, ok);
  if (!ok) return;
  auto heartbeat = number_of(state_->heartbeat_seconds, state_->heartbeat_path,
                             "HeartbeatSecondsPath", **input, 1, kSecondsMax, ok);
  if (!ok) return;
  auto role = task_role(*input, ok);
  if (!ok) return;
  std::string text = dump(*parameters);
  if (!within_limits(*parameters, text.size(), task_name())) return;
  branch_->heartbeat = heartbeat;
  json::object details;
  if (state_->resource.is_activity) {
    details["resource"] = state_->resource.arn;
  } else {
    details["region"] = facts_.region;
  }
  if (timeout) details["timeoutInSeconds"] = *timeout;
  if (heartbeat) details["heartbeatInSeconds"] = *heartbeat;
  if (role && !state_->resource.is_activity) details["taskCredentials"] = {{"roleArn", *role}};
  announce(std::move(details), std::move(text));
  branch_->phase = Phase::calling;
  if (timeout) set_timer("timeout:" + call().text(), now_ + std::chrono::seconds(*timeout));
  command(CallTask{call(), state_->resource, std::move(*parameters),
                   state_->resource.by_token() ? token().text() : "", std::move(role)});
}

/// The events before a call.
void Interpreter::announce(json::object details, std::string parameters) {
  if (state_->resource.is_activity) {
    return add_task_event("Scheduled", std::move(details), "input", std::move(parameters));
  }
  add_task_event("Scheduled", std::move(details), "parameters", std::move(parameters));
  add_task_event("Started", {});
}

void Interpreter::add_task_event(std::string_view what, json::object details,
                                 std::string payload_member, std::string payload) {
  const bool activity = state_->resource.is_activity;
  json::object all;
  if (!activity) {
    all = {{"resourceType", state_->resource.service}, {"resource", state_->resource.action}};
  }
  for (auto& member : details) all[member.key()] = std::move(member.value());
  add(fmt::format("{}{}", activity ? "Activity" : "Task", what),
      fmt::format("{}{}EventDetails", activity ? "activity" : "task", what), std::move(all),
      std::move(payload_member), std::move(payload));
}

bool Interpreter::task_in(const CallId& id, Phase phase) {
  return focus_entered(id.entered) && state_->type == StateType::task && branch_->phase == phase &&
         id == call();
}

void Interpreter::task_answered(const TaskAnswered& event) {
  if (!task_in(event.call, Phase::calling)) return;
  // Workers complete an activity's task; only its scheduling is answered, when it fails.
  task_ended(event.result, state_->resource.is_activity ? "ScheduleFailed" : "Failed");
}

void Interpreter::task_submitted(const TaskSubmitted& event) {
  if (!task_in(event.call, Phase::calling)) return;
  std::string text = dump(event.output);
  if (text.size() > kPayloadBytesMax) {
    command(CancelTask{call(), state_->resource});
    return task_ended({nullptr, Failure{std::string(kDataLimitExceeded), too_large(task_name())}});
  }
  add_task_event("Submitted", {}, "output", std::move(text));
  branch_->phase = Phase::submitted;
  if (branch_->early) return task_ended(*std::exchange(branch_->early, std::nullopt));
  set_heartbeat();
}

/// A token may come back before the response to the call that has carried it out.
void Interpreter::task_completed(const TaskCompleted& event) {
  if (task_in(event.call, Phase::submitted)) {
    task_ended(event.result);
  } else if (task_in(event.call, Phase::calling) && !branch_->nonce.empty() && !branch_->early) {
    branch_->early = event.result;
  }
}

void Interpreter::activity_started(const ActivityStarted& event) {
  if (!task_in(event.call, Phase::calling)) return;
  json::object details;
  if (event.worker) details["workerName"] = *event.worker;
  add_task_event("Started", std::move(details));
  branch_->phase = Phase::submitted;
  set_heartbeat();
}

void Interpreter::task_heartbeat(const TaskHeartbeat& event) {
  if (task_in(event.call, Phase::submitted)) set_heartbeat();
}

/// The time within which the next heartbeat has to come begins.
void Interpreter::set_heartbeat() {
  if (!branch_->heartbeat) return;
  std::string timer = "heartbeat:" + call().text();
  cancel_timer(timer);
  set_timer(std::move(timer), now_ + std::chrono::seconds(*branch_->heartbeat));
}

void Interpreter::task_ended(const TaskResult& result, std::string_view failed) {
  cancel_timer("timeout:" + call().text());
  cancel_timer("heartbeat:" + call().text());
  branch_->phase = Phase::ended;
  std::optional<Failure> failure = result.failure;
  std::string text = failure ? "" : dump(result.output);
  if (text.size() > kPayloadBytesMax) {
    failure = Failure{std::string(kDataLimitExceeded), too_large(task_name())};
  }
  if (failure) {
    failure->error = clip(failure->error, kErrorCharsMax);
    failure->cause = clip(failure->cause, kCauseCharsMax);
    json::object details;  // a worker need not name an error
    if (!failure->error.empty()) details["error"] = failure->error;
    if (!failure->cause.empty()) details["cause"] = failure->cause;
    add_task_event(failed, std::move(details));
    return handle_error(failure->error, failure->cause.empty() ? std::nullopt
                                                               : std::optional(failure->cause));
  }
  add_task_event("Succeeded", {}, "output", std::move(text));
  auto selected = fill(state_->result_selector, Seen::made(result.output));
  if (selected) leave_with(std::move(*selected), state_->next);
}

void Interpreter::task_timed_out(std::string_view error) {
  give_up_work();
  branch_->phase = Phase::ended;
  add_task_event("TimedOut", {{"error", error}});
  handle_error(std::string(error), std::nullopt);
}

const std::string& Interpreter::task_name() const {
  return state_->resource.is_activity ? state_->resource.arn : state_->resource.service;
}

void Interpreter::give_up_work() {
  const Phase phase = branch_->phase;
  if (phase != Phase::calling && phase != Phase::submitted && phase != Phase::waiting &&
      phase != Phase::retrying) {
    return;
  }
  for (const char* kind : {"timeout:", "heartbeat:", "retry:"}) cancel_timer(kind + call().text());
  cancel_timer(wait_timer());
  if (phase == Phase::calling || phase == Phase::submitted) {
    command(CancelTask{call(), state_->resource});
  }
  branch_->phase = Phase::aborted;
}

}  // namespace trainyard::asl
