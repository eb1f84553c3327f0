// One turn of an execution: an event in, everything that follows from it stored in one transaction.
#pragma once

#include "asl/execution.hpp"
#include "services/call.hpp"

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

/// Ends the `.sync` task that waits for the job that an event of the bus tells of.
void take_event(Call& call, const outbox::Message& message, CallMode mode);

/// Ends the `.sync` task that waits for the job whose ARN is the message's key, if the job has
/// ended; else asks again later.
void take_poll(Call& call, const outbox::Message& message, CallMode mode);

}  // namespace trainyard::states
