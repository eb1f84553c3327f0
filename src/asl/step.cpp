#include <fmt/format.h>

#include <algorithm>

#include "asl/interpreter.hpp"
#include "base/error.hpp"
#include "base/utf8.hpp"

namespace trainyard::asl {
namespace {

Snapshot with_branch(Snapshot snapshot) {
  if (snapshot.branches.empty()) snapshot.branches.emplace_back();
  return snapshot;
}

json::object error_details(const std::optional<std::string>& error,
                           const std::optional<std::string>& cause) {
  json::object details;
  if (error) details["error"] = *error;
  if (cause) details["cause"] = *cause;
  return details;
}

void clip_to(std::optional<std::string>& text, std::size_t chars) {
  if (text) text = clip(*text, chars);
}

}  // namespace

Outcome step(const Machine& machine, const Execution& execution, const Event& event, Time now,
             Random& random) {
  Interpreter interpreter(machine, execution, now, random);
  interpreter.take(event);
  return interpreter.finish();
}

Interpreter::Interpreter(const Machine& machine, const Execution& execution, Time now,
                         Random& random)
    : machine_(machine),
      facts_(execution.facts),
      now_(now),
      random_(random),
      out_{with_branch(execution.snapshot), {}, {}},
      branch_(out_.snapshot.branches.front()) {
  auto found = machine.states.find(branch_.state);
  if (found != machine.states.end()) state_ = &found->second;
}

void Interpreter::take(const Event& event) {
  if (out_.snapshot.status != Status::running) return;
  try {
    dispatch(event);
    run();
  } catch (const TooManyVisits& error) {
    fail_runtime(error.what());
  }
}

void Interpreter::dispatch(const Event& event) {
  if (std::holds_alternative<Started>(event)) {
    started();
  } else if (const auto* answered = std::get_if<TaskAnswered>(&event)) {
    task_answered(*answered);
  } else if (const auto* submitted = std::get_if<TaskSubmitted>(&event)) {
    task_submitted(*submitted);
  } else if (const auto* completed = std::get_if<TaskCompleted>(&event)) {
    task_completed(*completed);
  } else if (const auto* fired = std::get_if<TimerFired>(&event)) {
    timer_fired(fired->timer);
  } else {
    aborted(std::get<Aborted>(event));
  }
}

Outcome Interpreter::finish() {
  if (full_ && out_.snapshot.status == Status::running) {
    full_ = false;
    fail_execution(std::string(kRuntime),
                   fmt::format("The execution reached the maximum number of history events ({}).",
                               kHistoryEventsMax));
  }
  return std::move(out_);
}

void Interpreter::started() {
  if (out_.snapshot.last_event != 0) return;
  add("ExecutionStarted", "executionStartedEventDetails", {{"roleArn", facts_.role_arn}}, "input",
      facts_.input_text);
  branch_.last_event = 0;  // the first state is entered by nothing
  branch_.state = machine_.start_at;
  branch_.input = facts_.input;
  branch_.phase = Branch::Phase::entering;
  if (machine_.timeout_seconds) {
    set_timer("execution", facts_.started + std::chrono::seconds(*machine_.timeout_seconds));
  }
}

void Interpreter::timer_fired(const std::string& timer) {
  if (!drop_timer(timer)) return;
  if (timer == "execution") {
    end(Status::timed_out, "", std::nullopt, std::nullopt);
  } else if (timer == timeout_timer() && (branch_.phase == Branch::Phase::calling ||
                                          branch_.phase == Branch::Phase::submitted)) {
    task_timed_out();
  } else if (branch_.phase == Branch::Phase::retrying && timer == "retry:" + call().text()) {
    schedule();
  } else if (branch_.phase == Branch::Phase::waiting &&
             timer == fmt::format("wait:{}", branch_.entered)) {
    auto input = effective_input();
    if (input) leave_with(std::move(*input), state_->next);
  }
}

void Interpreter::aborted(const Aborted& event) {
  end(Status::aborted, "", event.error, event.cause);
}

void Interpreter::run() {
  while (out_.snapshot.status == Status::running && branch_.phase == Branch::Phase::entering &&
         !full_) {
    if (states_entered_++ == kStepsPerTurn || visited_ > kVisitsMax) {
      set_timer("resume", now_);
      return;
    }
    enter();
  }
}

int64_t Interpreter::add(std::string type, std::string details_name, json::object details,
                         std::string payload_member, std::string payload) {
  Snapshot& snapshot = out_.snapshot;
  bool last = snapshot.last_event + 1 == kHistoryEventsMax;
  full_ = full_ || (last && snapshot.status == Status::running);
  if (full_) return branch_.last_event;
  HistoryEvent event{++snapshot.last_event,     branch_.last_event,      now_,
                     std::move(type),           std::move(details_name), std::move(details),
                     std::move(payload_member), std::move(payload)};
  branch_.last_event = event.id;
  out_.history.push_back(std::move(event));
  return branch_.last_event;
}

void Interpreter::command(Command command) {
  if (!full_) out_.commands.push_back(std::move(command));
}

void Interpreter::set_timer(std::string timer, Time due) {
  if (full_) return;
  out_.snapshot.timers.push_back(timer);
  command(SetTimer{std::move(timer), due});
}

bool Interpreter::drop_timer(const std::string& timer) {
  return std::erase(out_.snapshot.timers, timer) > 0;
}

void Interpreter::cancel_timer(const std::string& timer) {
  if (drop_timer(timer)) command(CancelTimer{timer});
}

void Interpreter::end(Status status, std::string output, std::optional<std::string> error,
                      std::optional<std::string> cause) {
  if (full_) return;
  clip_to(error, kErrorCharsMax);
  clip_to(cause, kCauseCharsMax);
  out_.snapshot.status = status;
  for (const auto& timer : out_.snapshot.timers) command(CancelTimer{timer});
  out_.snapshot.timers.clear();
  if (state_ &&
      (branch_.phase == Branch::Phase::calling || branch_.phase == Branch::Phase::submitted)) {
    command(CancelTask{call(), state_->resource});
  }
  branch_.phase = Branch::Phase::ended;
  switch (status) {
    case Status::succeeded:
      add("ExecutionSucceeded", "executionSucceededEventDetails", {}, "output", output);
      break;
    case Status::failed:
      add("ExecutionFailed", "executionFailedEventDetails", error_details(error, cause));
      break;
    case Status::timed_out:
      branch_.last_event = 0;  // no event of the history causes it, as none causes an abort
      add("ExecutionTimedOut", "executionTimedOutEventDetails", error_details(error, cause));
      break;
    default:
      branch_.last_event = 0;
      add("ExecutionAborted", "executionAbortedEventDetails", error_details(error, cause));
  }
  branch_.input = nullptr;
  command(Ended{status, std::move(output), std::move(error), std::move(cause)});
}

void Interpreter::fail_execution(std::string error, std::optional<std::string> cause) {
  end(Status::failed, "", std::move(error), std::move(cause));
}

std::string Interpreter::in_state(const std::string& text) const {
  return fmt::format(
      "An error occurred while executing the state '{}' (entered at the event id #{}). {}",
      branch_.state, branch_.entered, text);
}

void Interpreter::fail_runtime(const std::string& text) {
  fail_execution(std::string(kRuntime), in_state(text));
}

}  // namespace trainyard::asl
