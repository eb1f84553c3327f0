#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "asl/interpreter.hpp"
#include "base/error.hpp"

namespace trainyard::asl {
namespace {

/// The value and position of the innermost iteration that a branch belongs to.
std::optional<json::object> item_of(const Snapshot& snapshot, int64_t id) {
  const Branch* branch = &snapshot.branches.at(id);
  while (branch->parent) {
    const Branch& parent = snapshot.branches.at(*branch->parent);
    if (parent.group && parent.group->items) {
      return json::object{{"Index", static_cast<int64_t>(branch->index)},
                          {"Value", parent.group->items->at(branch->index)}};
    }
    branch = &parent;
  }
  return std::nullopt;
}

/// {"name": name}, made without a list of it first.
json::object named(const std::string& name) {
  json::object details;
  details.emplace("name", name);
  return details;
}

}  // namespace

const json::value& Interpreter::context() {
  const Snapshot& snapshot = out_.snapshot;
  if (!context_) {
    json::object execution{
        {"Id", facts_.id},     {"Input", execution_input()}, {"StartTime", iso8601(facts_.started)},
        {"Name", facts_.name}, {"RoleArn", facts_.role_arn}, {"RedriveCount", snapshot.redrives}};
    if (snapshot.redriven_at) execution["RedriveTime"] = iso8601(*snapshot.redriven_at);
    context_ =
        json::object{{"Execution", std::move(execution)},
                     {"State", json::object{}},
                     {"StateMachine", {{"Id", facts_.machine_id}, {"Name", facts_.machine_name}}}};
  }
  if (context_of_ == id_ && context_at_ == call()) return *context_;
  context_at_ = call();
  json::object& object = context_->as_object();
  object["State"] = {{"Name", branch_->state},
                     {"EnteredTime", iso8601(branch_->entered_at)},
                     {"RetryCount", std::accumulate(branch_->retries.begin(),
                                                    branch_->retries.end(), int64_t{0})}};
  object.erase("Task");
  if (!branch_->nonce.empty()) object["Task"] = {{"Token", token().text()}};
  if (context_of_ != id_) {
    context_of_ = id_;
    object.erase("Map");
    if (auto item = item_of(snapshot, id_)) object["Map"] = {{"Item", std::move(*item)}};
  }
  return *context_;
}

Scope Interpreter::scope_of(const json::value& input) {
  auto make = [](void* owner) -> const json::value& {
    return static_cast<Interpreter*>(owner)->context();
  };
  return {input, Context(make, this), visits_};
}

void Interpreter::enter() {
  TRAINYARD_ASSERT(state_ != nullptr);
  branch_->entered = add_of_state("StateEntered", "stateEnteredEventDetails", named(state_->name),
                                  "input", input_text());
  branch_->entered_at = now_;
  branch_->attempt = 0;
  branch_->retries.assign(state_->retriers.size(), 0);
  branch_->nonce.clear();
  branch_->heartbeat.reset();
  branch_->early.reset();
  if (!full_) run_state();
}

void Interpreter::run_state() {
  branch_->phase = Phase::ended;  // what goes on says so
  switch (state_->type) {
    case StateType::task:
      return schedule();
    case StateType::pass:
      return pass();
    case StateType::choice:
      return choose();
    case StateType::wait:
      return wait();
    case StateType::succeed:
      if (auto input = effective_input()) leave_with(std::move(*input), state_->next);
      return;
    case StateType::fail:
      return fail();
    case StateType::parallel:
      return start_parallel();
    case StateType::map:
      return start_map();
  }
}

void Interpreter::pass() {
  auto input = effective_input();
  auto result = input ? fill(state_->parameters, std::move(*input)) : std::nullopt;
  if (!result) return;
  leave_with(state_->result ? Seen::made(*state_->result) : std::move(*result), state_->next);
}

std::optional<Seen> Interpreter::effective_input() {
  if (state_->input_path.none) return Seen::made(json::object{});
  const Path& path = state_->input_path.path;
  restore_input();
  if (path.is_whole()) return Seen::input(branch_->input);
  auto found = path.find(scope_of(branch_->input));
  if (found) return Seen::made(std::move(*found));
  fail_runtime(not_found(path, "InputPath", scope_of(branch_->input)));
  return std::nullopt;
}

std::optional<Seen> Interpreter::fill(const std::optional<Template>& payload, Seen input) {
  if (!payload) return input;
  auto value = value_of(payload->fill(scope_of(*input), random_));
  return value ? std::optional(Seen::made(std::move(*value))) : std::nullopt;
}

std::optional<json::value> Interpreter::value_of(Result<json::value> result) {
  if (auto* value = std::get_if<json::value>(&result)) return std::move(*value);
  const auto& failure = std::get<Failure>(result);
  if (failure.error == kRuntime) {
    fail_runtime(failure.cause);
  } else {
    handle_error(failure.error, in_state(failure.cause));
  }
  return std::nullopt;
}

std::optional<int64_t> Interpreter::number_of(const std::optional<int64_t>& fixed,
                                              const std::optional<Path>& path, const char* field,
                                              const json::value& input, int64_t min, int64_t max,
                                              bool& ok) {
  if (!path) return fixed;
  auto value = path->find(scope_of(input));
  auto number = value ? integer_of(*value) : std::nullopt;
  if (number && *number >= min && *number <= max) return number;
  ok = false;
  fail_runtime(fmt::format("The {} parameter does not reference a {} integer: {} == {}", field,
                           min > 0 ? "positive" : "non-negative", path->text(),
                           value ? dump(*value) : "(not found)"));
  return std::nullopt;
}

void Interpreter::choose() {
  auto input = effective_input();
  if (!input) return;
  std::string next = state_->default_next;
  for (const ChoiceRule& rule : state_->choices) {
    auto result = holds(rule.condition, scope_of(**input));
    if (auto* failure = std::get_if<Failure>(&result)) return fail_runtime(failure->cause);
    if (std::get<bool>(result)) {
      next = rule.next;
      break;
    }
  }
  if (next.empty()) {
    return fail_runtime(
        "Failed to transition out of the state. The state does not point to a next state.");
  }
  leave_with(std::move(*input), next);
}

void Interpreter::wait() {
  auto input = effective_input();
  if (!input) return;
  bool ok = true;
  Time due = wait_until(**input, ok);
  if (!ok) return;
  if (due <= now_) return leave_with(std::move(*input), state_->next);
  branch_->phase = Phase::waiting;
  set_timer(wait_timer(), due);
}

/// When the state ends; `ok` is false after the failure was handled.
Time Interpreter::wait_until(const json::value& input, bool& ok) {
  if (state_->seconds) return now_ + std::chrono::seconds(*state_->seconds);
  if (state_->timestamp) return *state_->timestamp;
  bool seconds = state_->seconds_path.has_value();
  const Path& path = seconds ? *state_->seconds_path : *state_->timestamp_path;
  auto value = path.find(scope_of(input));
  auto refuse = [&](const std::string& text) {
    ok = false;
    fail_runtime(text);
    return now_;
  };
  if (!value) {
    return refuse(not_found(path, seconds ? "SecondsPath" : "TimestampPath", scope_of(input)));
  }
  std::string shown = value->is_string() ? to_std(value->get_string()) : dump(*value);
  if (seconds) {
    auto number = integer_of(*value);
    if (number && *number >= 0 && *number <= kSecondsMax) {
      return now_ + std::chrono::seconds(*number);
    }
    const char* what = number ? "references a value that is not between 0 and 99999999"
                              : "cannot be parsed as a long value";
    return refuse(fmt::format("The SecondsPath parameter {}: {} == {}", what, path.text(), shown));
  }
  Time time;
  if (value->is_string() && parse_iso8601(shown, time)) return time;
  return refuse(
      fmt::format("The TimestampPath parameter does not reference a valid ISO-8601 extended "
                  "offset date-time format string: {} == {}",
                  path.text(), shown));
}

void Interpreter::fail() {
  // False after a failure of its own.
  auto resolve = [&](const std::optional<std::string>& fixed,
                     const std::optional<Expression>& source, std::string_view field,
                     std::optional<std::string>& text) {
    text = fixed;
    if (!source) return true;
    auto value = value_of(source->evaluate(field, scope_of(branch_->input), random_));
    if (!value) return false;
    if (value->is_string()) {
      text = to_std(value->get_string());
      return true;
    }
    fail_runtime(fmt::format("The {} parameter does not reference a string: {} == {}", field,
                             source->text(), dump(*value)));
    return false;
  };
  std::optional<std::string> error, cause;
  if (!resolve(state_->error, state_->error_path, "ErrorPath", error)) return;
  if (!resolve(state_->cause, state_->cause_path, "CausePath", cause)) return;
  fail_branch(std::move(error), std::move(cause));
}

void Interpreter::leave_with(Seen result, const std::string& next) {
  const Selector &put = state_->result_path, &out = state_->output_path;
  const bool replaces = put.path.is_whole() && !put.none;
  const bool whole = out.path.is_whole() && !out.none;
  if (whole && (put.none || (replaces && result.is_input()))) return leave_unchanged(next);
  json::value output = result.take();
  if (!replaces) {
    json::value part = std::exchange(output, lend_input());
    if (!put.none && !put.path.assign(output, std::move(part))) {
      return handle_error(std::string(kResultPathMatchFailure), cannot_place(put.path));
    }
  }
  if (out.none) return leave(json::object{}, next);
  if (whole) return leave(std::move(output), next);
  auto found = out.path.find(scope_of(output));
  if (!found) return fail_runtime(not_found(out.path, "OutputPath", scope_of(output)));
  leave(std::move(*found), next);
}

/// The state's input itself, for its output to be made of. Whoever handles an error has it
/// restored.
json::value Interpreter::lend_input() {
  input_text();
  return std::exchange(branch_->input, nullptr);
}

void Interpreter::restore_input() {
  if (branch_->input.is_null()) branch_->input = parse_own_json(input_text());
}

bool Interpreter::within_limits(const json::value& payload, std::size_t bytes,
                                const std::string& who) {
  if (depth_of(payload) > kPayloadDepthMax) {
    fail_runtime(fmt::format("The data is nested deeper than {} levels.", kPayloadDepthMax));
    return false;
  }
  if (bytes <= kPayloadBytesMax) return true;
  handle_error(std::string(kDataLimitExceeded), too_large(who));
  return false;
}

void Interpreter::leave(json::value output, const std::string& next) {
  std::string text = dump(output);
  if (!within_limits(output, text.size(), branch_->state) || !hold(output)) return;
  branch_->input = std::move(output);
  branch_->input_text = std::move(text);
  go_to(next);
}

void Interpreter::leave_unchanged(const std::string& next) {
  if (within_limits(branch_->input, input_text().size(), branch_->state)) go_to(next);
}

void Interpreter::go_to(const std::string& next) {
  add_of_state("StateExited", "stateExitedEventDetails", named(branch_->state), "output",
               branch_->input_text);
  if (next.empty() && id_ != kRoot) return end_branch(std::move(branch_->input));
  if (next.empty()) {
    return end(Status::succeeded, branch_->input_text, std::nullopt, std::nullopt);
  }
  branch_->state = next;
  make_ready(Phase::entering);
}

const std::string& Interpreter::input_text() {
  if (branch_->input_text.empty()) branch_->input_text = dump(branch_->input);
  return branch_->input_text;
}

}  // namespace trainyard::asl
