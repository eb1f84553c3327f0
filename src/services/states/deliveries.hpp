// Messages of the outbox that this service takes. Each runs in a write transaction together with
// the message's removal.
#pragma once

#include "services/call.hpp"

namespace trainyard::states {

/// `states.task`: the call of a Task state, as the machine's role.
void deliver_task(Call& call, const outbox::Message& message);
/// `states.timer`: a Wait, a retry, a timeout, or an execution that goes on after a long turn.
void deliver_timer(Call& call, const outbox::Message& message);
/// `states.event`: what a managed rule hands over; its payload is the event as the bus carries it.
void deliver_event(Call& call, const outbox::Message& message);

/// `states.sweep`: removes executions that ended 90 days ago, ends those that have run for a year,
/// and asks for the next sweep.
void deliver_sweep(Call& call, const outbox::Message& message);
/// What a daemon does when it starts: has the sweeps begin, and puts the tasks of activities back
/// whose workers may not have got them.
void restore(Call& call);

/// `states.poll`: asks how a job is that a `.sync` task waits for.
void deliver_poll(Call& call, const outbox::Message& message);
/// `states.stop`: stops what a task has begun that nobody waits for any longer, in a transaction of
/// its own, so that executions within executions are not stopped within one another.
void deliver_stop(Call& call, const outbox::Message& message);

}  // namespace trainyard::states
