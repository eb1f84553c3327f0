// Tasks of activities that wait for workers. A task has a row here until a worker has it for sure:
// its hand-out is noted in the execution's history, then answered, and the row goes once the answer
// has gone out. What a lost connection or a crash leaves in between is handed out again.
#pragma once

#include <optional>
#include <string>

#include "asl/execution.hpp"
#include "services/call.hpp"

namespace trainyard::states {

/// Puts a task where workers find it, and tells one that waits. False when there is no such
/// activity.
bool queue_activity_task(Call& call, int64_t execution, const asl::CallTask& task);
void forget_activity_task(Txn& txn, int64_t execution, const asl::CallId& task);

struct ActivityTask {
  int64_t id = 0;
  std::string token, input;
};
bool has_activity_task(Txn& txn, const std::string& activity);
/// Hands the oldest task to a worker; nullopt when none waits.
std::optional<ActivityTask> take_activity_task(Call& call, const std::string& activity,
                                               const std::optional<std::string>& worker);
/// A worker has the task.
void confirm_activity_task(Txn& txn, int64_t id);
/// It has not: the task waits again.
void return_activity_task(Txn& txn, const std::string& activity, int64_t id);
/// After a crash nobody knows which answers have gone out.
void return_activity_tasks(Txn& txn);

/// The topic that is told when a task waits (Txn::tell).
std::string activity_topic(const std::string& activity);

}  // namespace trainyard::states
