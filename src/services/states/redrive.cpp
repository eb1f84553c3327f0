#include "services/states/redrive.hpp"

#include <fmt/format.h>

#include "asl/execution.hpp"
#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/states/names.hpp"
#include "services/states/nested.hpp"
#include "services/states/retention.hpp"
#include "services/states/turn.hpp"

namespace trainyard::states {
namespace {

int64_t count_events(Txn& txn, int64_t execution) {
  return txn
      .one(
          "SELECT max(id) FROM states_history WHERE execution = ?",
          [](const Row& row) { return row.maybe_integer(0).value_or(0); }, execution)
      .value();
}

/// When a request with this token redrove the execution, if it is one of the last that did.
std::optional<Time> repeat_of(Call& call, const ExecutionRow& execution,
                              const std::optional<std::string>& token) {
  if (!token) return std::nullopt;
  const Limits::States& limits = call.site.limits.states;
  return call.txn.one(
      "SELECT at FROM states_redrives WHERE execution = ? AND token = ? AND number > ? AND at > ?",
      [](const Row& row) { return row.time(0); }, execution.id, *token,
      execution.redrives - limits.redrive_tokens, call.now - limits.redrive_token_time);
}

void note_redrive(Call& call, const ExecutionRow& execution,
                  const std::optional<std::string>& token) {
  const int64_t number = execution.redrives + 1;
  call.txn.exec("DELETE FROM states_redrives WHERE execution = ? AND number <= ?", execution.id,
                number - call.site.limits.states.redrive_tokens);
  call.txn.exec("INSERT INTO states_redrives(execution, number, token, at) VALUES (?, ?, ?, ?)",
                execution.id, number, token, call.now);
  call.txn.exec(
      "UPDATE states_executions SET status = 'RUNNING', stopped = NULL, error = NULL, "
      "cause = NULL, redrives = ?, redriven = ? WHERE id = ?",
      number, call.now, execution.id);
}

}  // namespace

std::optional<std::string> redrive_obstacle(Call& call, const ExecutionRow& execution) {
  const Limits::States& limits = call.site.limits.states;
  if (machine_of(call.txn, execution.machine).deleting) {
    return "State machine is in DELETING status";
  }
  if (!execution.stopped || execution.status == "SUCCEEDED") {
    return "Execution is " + execution.status + " and cannot be redriven";
  }
  if (!asl::has_room_for_redrive(count_events(call.txn, execution.id))) {
    return "Execution history event limit exceeded";
  }
  if (call.now - execution.started >= limits.execution_time) {
    return "Execution has exceeded the max execution time";
  }
  if (call.now - *execution.stopped >= limits.redrivable) {
    return "Execution redrivable period exceeded";
  }
  return std::nullopt;
}

RedriveExecutionOutput redrive_execution(Call& call, const RedriveExecutionInput& input) {
  const ExecutionRow execution = get_execution(call.txn, input.execution_arn);
  if (auto before = repeat_of(call, execution, input.client_token)) return {*before};
  if (auto obstacle = redrive_obstacle(call, execution)) {
    throw errors::execution_not_redrivable(
        fmt::format("Execution '{}' cannot be redriven: {}", execution.arn, *obstacle));
  }
  check_open_executions(call);
  note_redrive(call, execution, input.client_token);
  tell_status(call, execution.arn);
  run_turn(call, execution.id, asl::Redriven{}, CallMode::outbox);
  return {call.now};
}

}  // namespace trainyard::states
