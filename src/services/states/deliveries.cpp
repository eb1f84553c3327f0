#include "services/states/deliveries.hpp"

#include "services/states/activity_tasks.hpp"
#include "services/states/retention.hpp"
#include "services/states/rows.hpp"
#include "services/states/turn.hpp"

namespace trainyard::states {

void deliver_task(Call& call, const outbox::Message& message) {
  perform_task(call, message, CallMode::inside);
}

void deliver_timer(Call& call, const outbox::Message& message) {
  auto execution = find_execution(call.txn, find_string(message.payload, "execution").value_or(""));
  if (!execution) return;
  run_turn(call, execution->id, asl::TimerFired{find_string(message.payload, "timer").value_or("")},
           CallMode::inside);
}

void deliver_event(Call& call, const outbox::Message& message) {
  take_event(call, message, CallMode::inside);
}

void deliver_poll(Call& call, const outbox::Message& message) {
  take_poll(call, message, CallMode::inside);
}

void restore(Call& call) {
  begin_sweeps(call);
  return_activity_tasks(call.txn);
}

}  // namespace trainyard::states
