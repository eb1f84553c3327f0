// Executions that an execution starts: `states:startExecution`, waited for or not, and the events
// by which executions tell of themselves.
#pragma once

#include "services/states/catalogue.hpp"
#include "services/states/jobs.hpp"

namespace trainyard::states {

extern const SyncRule kExecutions;

/// StartExecution's input from a task's parameters. `Input` may be any JSON; text that is JSON is
/// taken for it [unverified], other text for a JSON string.
json::object nested_request(const json::object& parameters);
/// An answer of the service as nested tasks show it: PascalCase, times in milliseconds, members
/// sorted.
json::object nested_response(const json::object& output);
/// `StepFunctions.ExecutionAlreadyExistsException`.
asl::Failure nested_failure(const Door& door, const ApiError& error,
                            const std::string& request_id);
/// How an execution, as DescribeExecution shows it, ended to the task that waits for it; nullopt
/// while it runs.
std::optional<asl::TaskResult> execution_result(const asl::Resource& task,
                                                const json::object& shown);

/// Puts a "Step Functions Execution Status Change" on the bus, if anybody could hear it: an
/// execution's status has become what its row says.
void tell_status(Call& call, const std::string& execution_arn);

}  // namespace trainyard::states
