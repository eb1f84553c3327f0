// SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat: what the holder of a task's token says.
#include "asl/execution.hpp"
#include "asl/payload.hpp"
#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/states/activity_tasks.hpp"
#include "services/states/rows.hpp"
#include "services/states/turn.hpp"

namespace trainyard::states {
namespace {

/// The task that waits for this token. InvalidToken for no token of ours; TaskDoesNotExist when its
/// execution is not there any more; TaskTimedOut when the task has ended.
struct Waiting {
  int64_t execution = 0;
  asl::CallId call;
};
Waiting get_waiting(Txn& txn, const std::string& text) {
  auto token = asl::TaskToken::parse(text);
  if (!token) throw errors::invalid_token("Invalid Token: 'Invalid token'");
  auto execution = find_execution(txn, token->execution);
  if (!execution) {
    throw errors::task_does_not_exist("Task Does Not Exist: 'The execution of the task is gone'");
  }
  if (!asl::waits_for(asl::from_stored(read_snapshot(txn, execution->id)), *token)) {
    throw errors::task_timed_out("Task Timed Out: 'Provided task does not exist anymore'");
  }
  return {execution->id, token->call};
}

json::value parse_output(const std::string& text) {
  std::string error = "The output is nested too deep.";
  auto value = parse_json(text, &error);
  if (!value || asl::depth_of(*value) > asl::kPayloadDepthMax) {
    throw errors::invalid_output("Invalid Output: '" + error + "'");
  }
  return std::move(*value);
}

/// Whoever has the token has the task: an activity's need not be handed out again, even if nobody
/// knows whether its answer has gone out.
void complete(Call& call, const Waiting& task, asl::TaskResult result) {
  forget_activity_task(call.txn, task.execution, task.call);
  run_turn(call, task.execution, asl::TaskCompleted{task.call, std::move(result)},
           CallMode::outbox);
}

}  // namespace

SendTaskSuccessOutput send_task_success(Call& call, const SendTaskSuccessInput& input) {
  json::value output = parse_output(input.output);
  complete(call, get_waiting(call.txn, input.task_token), {std::move(output), std::nullopt});
  return {};
}

SendTaskFailureOutput send_task_failure(Call& call, const SendTaskFailureInput& input) {
  asl::Failure failure{input.error.value_or(""), input.cause.value_or("")};
  complete(call, get_waiting(call.txn, input.task_token), {nullptr, std::move(failure)});
  return {};
}

SendTaskHeartbeatOutput send_task_heartbeat(Call& call, const SendTaskHeartbeatInput& input) {
  const Waiting task = get_waiting(call.txn, input.task_token);
  run_turn(call, task.execution, asl::TaskHeartbeat{task.call}, CallMode::outbox);
  return {};
}

}  // namespace trainyard::states
