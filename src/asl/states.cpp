#include <fmt/format.h>

#include "asl/interpreter.hpp"
#include "base/error.hpp"

namespace trainyard::asl {

const json::value& Interpreter::context() {
  if (!context_) {
    context_ =
        json::object{{"Execution",
                      {{"Id", facts_.id},
                       {"Input", facts_.input},
                       {"StartTime", iso8601(facts_.started)},
                       {"Name", facts_.name},
                       {"RoleArn", facts_.role_arn},
                       {"RedriveCount", 0}}},
                     {"State", json::object{}},
                     {"StateMachine", {{"Id", facts_.machine_id}, {"Name", facts_.machine_name}}}};
  }
  context_->as_object()["State"] = {{"Name", branch_.state},
                                    {"EnteredTime", iso8601(branch_.entered_at)},
                                    {"RetryCount", branch_.attempt}};
  return *context_;
}

Scope Interpreter::scope_of(const json::value& input) { return {input, context(), visits_}; }

void Interpreter::enter() {
  auto found = machine_.states.find(branch_.state);
  TRAINYARD_ASSERT(found != machine_.states.end());
  state_ = &found->second;
  visited_ += visits_.spent();
  visits_ = Visits();
  std::string type(name_of(state_->type));
  branch_.entered = add(type + "StateEntered", "stateEnteredEventDetails", {{"name", state_->name}},
                        "input", dump(branch_.input));
  branch_.entered_at = now_;
  branch_.attempt = 0;
  branch_.retries.assign(state_->retriers.size(), 0);
  if (full_) return;
  switch (state_->type) {
    case StateType::task:
      schedule();
      break;
    case StateType::pass: {
      auto input = effective_input();
      auto result = input ? fill(state_->parameters, std::move(*input)) : std::nullopt;
      if (result) leave_with(state_->result ? *state_->result : std::move(*result), state_->next);
      break;
    }
    case StateType::choice:
      enter_choice();
      break;
    case StateType::wait:
      enter_wait();
      break;
    case StateType::succeed: {
      auto input = effective_input();
      if (input) leave_with(std::move(*input), state_->next);
      break;
    }
    case StateType::fail:
      enter_fail();
      break;
  }
}

std::optional<json::value> Interpreter::effective_input() {
  if (state_->input_path.none) return json::value(json::object{});
  const Path& path = state_->input_path.path;
  if (path.is_whole()) return branch_.input;
  auto found = path.find(scope_of(branch_.input));
  if (!found) fail_runtime(not_found(path, "InputPath", scope_of(branch_.input)));
  return found;
}

std::optional<json::value> Interpreter::fill(const std::optional<Template>& payload,
                                             json::value input) {
  if (!payload) return input;
  return value_of(payload->fill(scope_of(input), random_));
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

void Interpreter::enter_choice() {
  auto input = effective_input();
  if (!input) return;
  std::string next = state_->default_next;
  for (const ChoiceRule& rule : state_->choices) {
    auto result = holds(rule.condition, scope_of(*input));
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

void Interpreter::enter_wait() {
  auto due = wait_until();
  if (out_.snapshot.status != Status::running) return;
  branch_.phase = Branch::Phase::waiting;
  if (due && *due > now_) return set_timer(fmt::format("wait:{}", branch_.entered), *due);
  auto input = effective_input();
  if (input) leave_with(std::move(*input), state_->next);
}

/// When the state ends; after a failure of the execution the value means nothing.
std::optional<Time> Interpreter::wait_until() {
  if (state_->seconds) return now_ + std::chrono::seconds(*state_->seconds);
  if (state_->timestamp) return state_->timestamp;
  auto input = effective_input();
  if (!input) return std::nullopt;
  bool seconds = state_->seconds_path.has_value();
  const Path& path = seconds ? *state_->seconds_path : *state_->timestamp_path;
  auto value = path.find(scope_of(*input));
  if (!value) {
    fail_runtime(not_found(path, seconds ? "SecondsPath" : "TimestampPath", scope_of(*input)));
    return std::nullopt;
  }
  std::string shown = value->is_string() ? to_std(value->get_string()) : dump(*value);
  if (seconds) {
    if (value->is_int64() && value->get_int64() >= 0 && value->get_int64() <= kSecondsMax) {
      return now_ + std::chrono::seconds(value->get_int64());
    }
    const char* what = value->is_int64() ? "references a value that is not between 0 and 99999999"
                                         : "cannot be parsed as a long value";
    fail_runtime(fmt::format("The SecondsPath parameter {}: {} == {}", what, path.text(), shown));
    return std::nullopt;
  }
  Time time;
  if (value->is_string() && parse_iso8601(shown, time)) return time;
  fail_runtime(
      fmt::format("The TimestampPath parameter does not reference a valid ISO-8601 extended "
                  "offset date-time format string: {} == {}",
                  path.text(), shown));
  return std::nullopt;
}

void Interpreter::enter_fail() {
  auto resolve = [&](const std::optional<std::string>& fixed,
                     const std::optional<Expression>& source,
                     std::string_view field) -> std::optional<std::string> {
    if (!source) return fixed;
    auto value = value_of(source->evaluate(field, scope_of(branch_.input), random_));
    if (value && !value->is_string()) {
      fail_runtime(fmt::format("The {} parameter does not reference a string: {} == {}", field,
                               source->text(), dump(*value)));
    }
    return value && value->is_string() ? std::optional(to_std(value->get_string())) : std::nullopt;
  };
  auto error = resolve(state_->error, state_->error_path, "ErrorPath");
  if (out_.snapshot.status != Status::running) return;
  auto cause = resolve(state_->cause, state_->cause_path, "CausePath");
  if (out_.snapshot.status != Status::running) return;
  end(Status::failed, "", std::move(error), std::move(cause));
}

void Interpreter::leave_with(json::value result, const std::string& next) {
  json::value output = branch_.input;
  if (state_->result_path.path.is_whole() && !state_->result_path.none) {
    output = std::move(result);
  } else if (!state_->result_path.none &&
             !state_->result_path.path.assign(output, std::move(result))) {
    return handle_error(
        std::string(kResultPathMatchFailure),
        in_state(fmt::format("Unable to apply ReferencePath {} to input {}",
                             state_->result_path.path.text(), dump(branch_.input))));
  }
  if (state_->output_path.none) return leave(json::object{}, next);
  const Path& path = state_->output_path.path;
  if (path.is_whole()) return leave(std::move(output), next);
  auto found = path.find(scope_of(output));
  if (!found) {
    return fail_runtime(not_found(path, "OutputPath", scope_of(output)));
  }
  leave(std::move(*found), next);
}

bool Interpreter::within_limits(const json::value& payload, std::size_t bytes,
                                const std::string& who) {
  if (depth_of(payload) > kPayloadDepthMax) {
    fail_runtime(fmt::format("The data is nested deeper than {} levels.", kPayloadDepthMax));
    return false;
  }
  if (bytes <= kPayloadBytesMax) return true;
  handle_error(
      std::string(kDataLimitExceeded),
      fmt::format("The state/task '{}' returned a result with a size exceeding the maximum "
                  "number of bytes service limit.",
                  who));
  return false;
}

void Interpreter::leave(json::value output, const std::string& next) {
  std::string text = dump(output);
  if (!within_limits(output, text.size(), branch_.state)) return;
  add(std::string(name_of(state_->type)) + "StateExited", "stateExitedEventDetails",
      {{"name", branch_.state}}, "output", text);
  if (next.empty()) {
    branch_.phase = Branch::Phase::ended;
    return end(Status::succeeded, std::move(text), std::nullopt, std::nullopt);
  }
  branch_.phase = Branch::Phase::entering;
  branch_.state = next;
  branch_.input = std::move(output);
}

}  // namespace trainyard::asl
