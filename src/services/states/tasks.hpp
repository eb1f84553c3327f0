// The calls of tasks, whatever they call: made with the machine's role, answered with the event
// that the interpreter is told.
#pragma once

#include "asl/execution.hpp"
#include "services/call.hpp"
#include "services/states/catalogue.hpp"
#include "services/states/http_task.hpp"
#include "services/states/jobs.hpp"

namespace trainyard::states {

// A call as the integration has it, wherever it is made: what is sent, how the answer and an error
// look to the task.
json::object task_request(const Door& door, const Integration& integration,
                          const json::object& parameters, const std::string& execution_arn);
/// The form that the request and the operation's output have.
wire::JsonForm form_of(const Integration& integration);
json::object task_response(const Integration& integration, const json::object& output,
                           const std::string& request_id, Time now);
asl::Failure task_failure(const Door& door, const Integration& integration,
                          const json::value& parameters, const ApiError& error,
                          const std::string& request_id);

/// The execution whose task it is.
struct TaskOwner {
  int64_t id = 0;
  const asl::Facts& facts;
};

/// Where a call is made.
enum class CallPlace {
  inside,   // in the turn's own transaction
  alone,    // in a transaction of its own: it may move the very execution that makes it
  outside,  // outside of transactions
};
CallPlace place_of(const Door& door, const asl::Resource& resource);

/// Makes a call that is not `outside`, through the same door as any client's. A `.sync` task's job
/// is waited for from here on.
asl::Event call_task(Call& call, const TaskOwner& owner, const asl::CallTask& task);

/// A call that is to be made outside of transactions: an operation whose bodies stream, in the
/// SDK's form, or a request into the world.
struct OutsideCall {
  Caller principal;
  std::string service, operation;
  json::object input;
  std::optional<HttpTask> http;  // in their place
};
/// What to do for a task, or the failure that its call comes to at once: no such role, not allowed.
std::variant<OutsideCall, asl::Failure> outside_call(Call& call, const TaskOwner& owner,
                                                     const asl::CallTask& task);
/// The result of an operation's output, and of its error.
asl::TaskResult outside_result(const json::object& output);
asl::TaskResult outside_result(const Door& door, const outbox::Message& message,
                               const ApiError& error, const std::string& request_id);
/// The event of a call's result.
asl::Event answer_of(const asl::CallTask& task, asl::TaskResult result);

/// Nobody waits for the task any longer: its job is stopped (deliver_stop), if its role may.
void stop_job_of(Call& call, const TaskOwner& owner, const asl::CallId& id);
}  // namespace trainyard::states
