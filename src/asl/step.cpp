#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "asl/interpreter.hpp"
#include "base/error.hpp"
#include "base/utf8.hpp"

namespace trainyard::asl {
namespace {

Snapshot with_root(Snapshot snapshot) {
  if (snapshot.status == Status::running) snapshot.branches.try_emplace(kRoot);
  return snapshot;
}

json::object error_details(const std::optional<std::string>& error,
                           const std::optional<std::string>& cause) {
  json::object details;
  if (error) details["error"] = *error;
  if (cause) details["cause"] = *cause;
  return details;
}

}  // namespace

Outcome step(const Machine& machine, Execution execution, const Event& event, Time now,
             Random& random) {
  Interpreter interpreter(machine, std::move(execution), now, random);
  interpreter.take(event);
  return interpreter.finish();
}

Interpreter::Interpreter(const Machine& machine, Execution execution, Time now, Random& random)
    : machine_(machine),
      facts_(execution.facts),
      now_(now),
      random_(random),
      out_{with_root(std::move(execution.snapshot)), {}, {}} {
  if (out_.snapshot.branches.empty()) return;
  focus(kRoot);
  for (const auto& [id, branch] : out_.snapshot.branches) open_weight_ += branch.weight;
  if (!running()) return;
  for (const auto& [id, branch] : out_.snapshot.branches) {
    bool ready = branch.phase == Phase::entering || branch.phase == Phase::restarting;
    if (ready && !branch.state.empty()) ready_.push_back(id);
  }
  // Whoever has waited longest comes first.
  std::ranges::stable_sort(ready_, {}, [&](int64_t id) {
    return out_.snapshot.branches.at(id).last_event;
  });
}

void Interpreter::focus(int64_t id) {
  id_ = id;
  branch_ = &out_.snapshot.branches.at(id);
  auto found = machine_.states.find(branch_->state);
  state_ = found == machine_.states.end() ? nullptr : &found->second;
}

bool Interpreter::focus_entered(int64_t entered) {
  for (const auto& [id, branch] : out_.snapshot.branches) {
    if (branch.entered != entered) continue;
    focus(id);
    return state_ != nullptr;
  }
  return false;
}

void Interpreter::make_ready(Phase phase) {
  branch_->phase = phase;
  ready_.push_back(id_);
}

template <class Work>
void Interpreter::guarded(Work work) {
  try {
    work();
  } catch (const TooManyVisits& error) {
    fail_runtime(error.what());
  }
}

void Interpreter::take(const Event& event) {
  if (out_.snapshot.branches.empty()) return;  // it has succeeded
  if (running() == std::holds_alternative<Redriven>(event)) return;
  guarded([&] { dispatch(event); });
  run();
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
  } else if (const auto* taken = std::get_if<ActivityStarted>(&event)) {
    activity_started(*taken);
  } else if (const auto* heartbeat = std::get_if<TaskHeartbeat>(&event)) {
    task_heartbeat(*heartbeat);
  } else if (const auto* fired = std::get_if<TimerFired>(&event)) {
    timer_fired(fired->timer);
  } else if (const auto* aborted = std::get_if<Aborted>(&event)) {
    end(Status::aborted, "", aborted->error, aborted->cause);
  } else if (std::holds_alternative<Expired>(event)) {
    end(Status::timed_out, "", std::nullopt, std::nullopt);
  } else {
    redriven();
  }
}

Outcome Interpreter::finish() {
  if (full_ && running()) {
    full_ = false;
    end(Status::failed, "", std::string(kRuntime),
        fmt::format("The execution reached the maximum number of history events ({}).",
                    facts_.events_max));
  }
  return std::move(out_);
}

void Interpreter::started() {
  if (out_.snapshot.last_event != 0) return;
  json::object details{{"roleArn", facts_.role_arn}};
  if (facts_.alias_arn) details["stateMachineAliasArn"] = *facts_.alias_arn;
  if (facts_.version_arn) details["stateMachineVersionArn"] = *facts_.version_arn;
  add("ExecutionStarted", "executionStartedEventDetails", std::move(details), "input",
      facts_.input_text);
  branch_->last_event = 0;  // the first state is entered by nothing
  begin();
  if (machine_.timeout_seconds) {
    set_timer(execution_timer(), facts_.started + std::chrono::seconds(*machine_.timeout_seconds));
  }
}

void Interpreter::begin() {
  branch_->state = machine_.top.start_at;
  branch_->input = execution_input();
  make_ready(Phase::entering);
}

json::value Interpreter::execution_input() const {
  return facts_.input.is_null() ? parse_own_json(facts_.input_text) : facts_.input;
}

/// The states that failed or were aborted run again, without being entered again (Step Functions
/// Developer Guide, "Redriving executions").
void Interpreter::redriven() {
  Snapshot& snapshot = out_.snapshot;
  if (!has_room_for_redrive(snapshot.last_event, facts_.events_max)) return;
  snapshot.status = Status::running;
  ++snapshot.redrives;
  snapshot.redriven_at = now_;
  branch_->last_event = 0;  // as with ExecutionStarted
  int64_t cause = add("ExecutionRedriven", "executionRedrivenEventDetails",
                      {{"redriveCount", snapshot.redrives}});
  if (machine_.timeout_seconds) {
    set_timer(execution_timer(), now_ + std::chrono::seconds(*machine_.timeout_seconds));
  }
  branch_->last_event = cause;
  if (branch_->state.empty()) return begin();  // it was aborted before it began
  restart(kRoot, cause, tree());
}

void Interpreter::timer_fired(const std::string& timer) {
  if (!drop_timer(timer)) return;
  if (timer == execution_timer()) return end(Status::timed_out, "", std::nullopt, std::nullopt);
  int64_t entered = 0;
  std::size_t colon = timer.find(':');
  if (colon == std::string::npos) return;  // "resume"
  std::from_chars(timer.data() + colon + 1, timer.data() + timer.size(), entered);
  if (!focus_entered(entered)) return;
  bool at_work = branch_->phase == Phase::calling || branch_->phase == Phase::submitted;
  if (at_work && timer == "timeout:" + call().text()) {
    task_timed_out(kTimeout);
  } else if (at_work && timer == "heartbeat:" + call().text()) {
    task_timed_out(kHeartbeatTimeout);
  } else if (branch_->phase == Phase::retrying && timer == "retry:" + call().text()) {
    run_state();
  } else if (branch_->phase == Phase::waiting && timer == wait_timer()) {
    auto input = effective_input();
    if (input) leave_with(std::move(*input), state_->next);
  }
}

bool has_room_for_redrive(int64_t events, int64_t events_max) { return events + 1 < events_max; }

/// A repeat of the one that fired before a redrive is none of those that are set now.
std::string Interpreter::execution_timer() const {
  const int64_t redrives = out_.snapshot.redrives;
  return redrives == 0 ? "execution" : fmt::format("execution#{}", redrives);
}

/// The same of a Wait.
std::string Interpreter::wait_timer() const {
  return branch_->attempt == 0 ? fmt::format("wait:{}", branch_->entered)
                               : "wait:" + call().text();
}

/// Branches take turns, one state each.
void Interpreter::run() {
  while (running() && !full_ && !ready_.empty()) {
    if (states_entered_++ == kStepsPerTurn || visited_ > kVisitsMax) {
      if (!out_.snapshot.timers.contains("resume")) set_timer("resume", now_);
      return;
    }
    guarded([&] { run_one(); });
  }
}

void Interpreter::run_one() {
  const int64_t id = ready_.front();
  ready_.pop_front();
  auto found = out_.snapshot.branches.find(id);
  if (found == out_.snapshot.branches.end()) return;
  focus(id);
  visited_ += visits_.spent();
  visits_ = Visits();
  if (branch_->phase == Phase::entering) {
    enter();
  } else if (branch_->phase == Phase::restarting && branch_->group) {
    branch_->phase = Phase::grouped;
    start_iterations(branch_->last_event);
  } else if (branch_->phase == Phase::restarting) {
    ++branch_->attempt;
    branch_->retries.assign(state_->retriers.size(), 0);
    run_state();
  }
}

int64_t Interpreter::add(std::string type, std::string details_name, json::object details,
                         std::string payload_member, std::string payload) {
  Snapshot& snapshot = out_.snapshot;
  bool last = snapshot.last_event + 1 == facts_.events_max;
  full_ = full_ || (last && running());
  if (full_) return branch_->last_event;
  HistoryEvent event{++snapshot.last_event,     branch_->last_event,      now_,
                     std::move(type),           std::move(details_name), std::move(details),
                     std::move(payload_member), std::move(payload)};
  branch_->last_event = event.id;
  out_.history.push_back(std::move(event));
  return branch_->last_event;
}

int64_t Interpreter::add_of_state(std::string_view what, std::string details_name,
                                  json::object details, std::string payload_member,
                                  std::string payload) {
  return add(std::string(name_of(state_->type)).append(what), std::move(details_name),
             std::move(details), std::move(payload_member), std::move(payload));
}

/// When the history is full nothing begins any more, but what runs is given up.
void Interpreter::command(Command command) {
  if (full_ && std::holds_alternative<CallTask>(command)) return;
  out_.commands.push_back(std::move(command));
}

void Interpreter::set_timer(std::string timer, Time due) {
  if (full_) return;
  out_.snapshot.timers.insert(timer);
  command(SetTimer{std::move(timer), due});
}

bool Interpreter::drop_timer(const std::string& timer) {
  return out_.snapshot.timers.erase(timer) > 0;
}

void Interpreter::cancel_timer(const std::string& timer) {
  if (drop_timer(timer)) command(CancelTimer{timer});
}

void Interpreter::end(Status status, std::string output, std::optional<std::string> error,
                      std::optional<std::string> cause_text) {
  if (full_) return;
  clip_to(error, kErrorCharsMax);
  clip_to(cause_text, kCauseCharsMax);
  out_.snapshot.status = status;
  const int64_t cause = branch_->last_event;
  give_up_all();
  // Nothing in the history causes a timeout or an abort.
  focus(kRoot);
  branch_->last_event = status == Status::timed_out || status == Status::aborted ? 0 : cause;
  switch (status) {
    case Status::succeeded:
      add("ExecutionSucceeded", "executionSucceededEventDetails", {}, "output", output);
      break;
    case Status::failed:
      add("ExecutionFailed", "executionFailedEventDetails", error_details(error, cause_text));
      break;
    case Status::timed_out:
      add("ExecutionTimedOut", "executionTimedOutEventDetails", {{"error", kTimeout}});
      break;
    default:
      add("ExecutionAborted", "executionAbortedEventDetails", error_details(error, cause_text));
  }
  command(Ended{status, std::move(output), std::move(error), std::move(cause_text)});
  if (status != Status::succeeded) return;  // the rest is for a redrive
  out_.snapshot.branches.clear();
  branch_ = nullptr;
}

/// No timer, call or job of the execution is left. What was at work can be run again.
void Interpreter::give_up_all() {
  Snapshot& snapshot = out_.snapshot;
  for (const auto& timer : snapshot.timers) command(CancelTimer{timer});
  snapshot.timers.clear();
  for (const auto& [id, branch] : snapshot.branches) {
    focus(id);
    give_up_work();
  }
}

}  // namespace trainyard::asl
