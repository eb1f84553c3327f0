#include "services/states/activity_tasks.hpp"

#include "base/error.hpp"
#include "services/states/activities.hpp"
#include "services/states/turn.hpp"

namespace trainyard::states {

std::string activity_topic(const std::string& activity) { return "states.activity " + activity; }

bool queue_activity_task(Call& call, int64_t execution, const asl::CallTask& task) {
  const std::string& activity = task.resource.arn;
  if (!find_activity(call.txn, activity)) return false;
  call.txn.exec(
      "INSERT INTO states_activity_tasks(activity, execution, call, token, input) "
      "VALUES (?, ?, ?, ?, ?)",
      activity, execution, task.call.text(), task.token, dump(task.parameters));
  call.txn.tell(activity_topic(activity));
  return true;
}

void forget_activity_task(Txn& txn, int64_t execution, const asl::CallId& task) {
  txn.exec("DELETE FROM states_activity_tasks WHERE execution = ? AND call = ?", execution,
           task.text());
}

bool has_activity_task(Txn& txn, const std::string& activity) {
  return txn.exists("SELECT 1 FROM states_activity_tasks WHERE activity = ? AND handed = 0 LIMIT 1",
                    activity);
}

std::optional<ActivityTask> take_activity_task(Call& call, const std::string& activity,
                                               const std::optional<std::string>& worker) {
  for (;;) {
    int64_t execution = 0;
    std::optional<asl::CallId> started;
    auto task = call.txn.one(
        "SELECT id, token, input, execution, call FROM states_activity_tasks "
        "WHERE activity = ? AND handed = 0 ORDER BY id LIMIT 1",
        [&](const Row& row) {
          execution = row.integer(3);
          started = asl::CallId::parse(row.text(4));
          return ActivityTask{row.integer(0), row.text(1), row.text(2)};
        },
        activity);
    if (!task) return std::nullopt;
    TRAINYARD_ASSERT(started.has_value());
    call.txn.exec("UPDATE states_activity_tasks SET handed = 1 WHERE id = ?", task->id);
    run_turn(call, execution, asl::ActivityStarted{*started, worker}, CallMode::outbox);
    // The turn of a machine that is being deleted ends the execution, and forgets the task.
    if (call.txn.exists("SELECT 1 FROM states_activity_tasks WHERE id = ?", task->id)) return task;
  }
}

void confirm_activity_task(Txn& txn, int64_t id) {
  txn.exec("DELETE FROM states_activity_tasks WHERE id = ?", id);
}

void return_activity_task(Txn& txn, const std::string& activity, int64_t id) {
  txn.exec("UPDATE states_activity_tasks SET handed = 0 WHERE id = ?", id);
  txn.tell(activity_topic(activity));
}

void return_activity_tasks(Txn& txn) {
  txn.exec("UPDATE states_activity_tasks SET handed = 0 WHERE handed = 1");
}

}  // namespace trainyard::states
