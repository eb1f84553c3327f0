// One turn of an execution: an event in, everything that follows from it stored in one transaction.
#pragma once

#include "asl/execution.hpp"
#include "services/call.hpp"
#include "services/states/tasks.hpp"

namespace trainyard::states {

/// How a turn makes the calls of its tasks. Both ways give the same history.
enum class CallMode {
  outbox,  // each as a message, in a transaction of its own
  inside,  // in this transaction, up to asl::kStepsPerTurn of them
};

/// Loads the execution, takes the event in, and stores snapshot, history, messages and timers.
/// Nothing happens when it has ended, or is not there any more.
void run_turn(Call& call, int64_t execution, const asl::Event& event, CallMode mode);

/// Makes the call that a message of kind `states.task` asks for and runs the turn of its answer.
void perform_task(Call& call, const outbox::Message& message, CallMode mode);

/// What a message of kind `states.call` wants done outside of transactions, or what its call comes
/// to at once; nullopt when nobody waits for it any longer.
std::optional<std::variant<OutsideCall, asl::Failure>> take_call(Call& call,
                                                                 const outbox::Message& message);
/// Runs the turn of what has come of it.
void take_result(Call& call, const outbox::Message& message, asl::TaskResult result);

/// Ends the `.sync` tasks that wait for the job that an event of the bus tells of.
void take_event(Call& call, const outbox::Message& message, CallMode mode);

/// Ends the `.sync` task of the message, if its job has ended; else asks again later.
void take_poll(Call& call, const outbox::Message& message, CallMode mode);

}  // namespace trainyard::states
