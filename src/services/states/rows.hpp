// Rows of state machines and executions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "asl/execution.hpp"
#include "services/call.hpp"

namespace trainyard::states {

/// The number that a query finds.
template <class... Args>
int64_t get_number(Txn& txn, std::string_view sql, const Args&... args) {
  return txn.one(sql, [](const Row& row) { return row.integer(0); }, args...).value();
}

/// One version of a machine's definition and role; executions are pinned to one.
struct Revision {
  int64_t id = 0;
  std::optional<std::string> revision_id;  // none for the first
  std::string definition;
  std::string role_arn;
  bool log_data = false;  // loggingConfiguration.includeExecutionData
  Time created;
};

struct MachineRow {
  int64_t id = 0;
  std::string arn, name;
  bool deleting = false;
  Time created;
  Revision revision;  // the newest
};
std::optional<MachineRow> find_machine(Txn& txn, std::string_view arn);
/// By its own ARN: ValidationException for a qualified one, InvalidArn for what is no state
/// machine's, StateMachineDoesNotExist.
MachineRow get_machine(Txn& txn, const std::string& arn);
ApiError no_such_machine(const std::string& arn);
/// StateMachineDeleting.
void refuse_deleting(const MachineRow& machine);
Revision get_revision(Txn& txn, int64_t id);
/// Removes a machine that is being deleted once none of its executions runs, with all of theirs.
void remove_if_done(Txn& txn, int64_t machine);

struct ExecutionRow {
  int64_t id = 0;
  std::string arn, name, status;
  int64_t machine = 0, revision = 0;
  Time started;
  std::optional<Time> stopped;
  std::string input;
  std::optional<std::string> output, error, cause, trace_header;
  std::optional<std::string> version_arn, alias_arn;  // what it was started by, if by one of these
  int64_t redrives = 0;
  std::optional<Time> redriven;  // the last time
};
std::optional<ExecutionRow> find_execution(Txn& txn, std::string_view arn);
std::optional<ExecutionRow> find_execution(Txn& txn, int64_t id);
/// ExecutionDoesNotExist; InvalidArn for what is no execution's ARN.
ExecutionRow get_execution(Txn& txn, const std::string& arn);

/// The snapshot of an execution as it is stored.
asl::Stored read_snapshot(Txn& txn, int64_t execution);
/// Writes what differs from `before`.
void write_snapshot(Txn& txn, int64_t execution, const asl::Stored& before,
                    const asl::Stored& after);

/// ARN and name of the machine of an execution.
struct MachineName {
  std::string arn, name;
  bool deleting = false;
};
MachineName machine_of(Txn& txn, int64_t machine);

}  // namespace trainyard::states
