// Executions: start, describe, list, stop.
#include <fmt/format.h>

#include <limits>

#include "asl/payload.hpp"
#include "base/error.hpp"
#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/states/names.hpp"
#include "services/states/nested.hpp"
#include "services/states/pages.hpp"
#include "services/states/redrive.hpp"
#include "services/states/retention.hpp"
#include "services/states/rows.hpp"
#include "services/states/targets.hpp"
#include "services/states/turn.hpp"

namespace trainyard::states {
namespace {

constexpr std::string_view kRunning = "RUNNING";
constexpr std::string_view kMetadataOnly = "METADATA_ONLY";

void check_input(const std::string& text) {
  std::string error = "Invalid execution input.";
  if (text.size() > asl::kPayloadBytesMax) {
    error = "The input is longer than 262144 bytes.";
  } else if (auto value = text.empty() ? std::nullopt : parse_json(text, &error)) {
    if (asl::depth_of(*value) <= asl::kPayloadDepthMax) return;
    error = "The input is nested too deep.";
  }
  throw errors::invalid_execution_input("Invalid State Machine Execution Input: '" + error + "'");
}

/// The same name and input while it runs is the same execution; any other use of the name is an
/// error (API reference, StartExecution).
StartExecutionOutput repeat_of(const ExecutionRow& execution, const std::string& text) {
  if (execution.status != kRunning || execution.input != text) {
    throw errors::execution_already_exists("Execution Already Exists: '" + execution.arn + "'");
  }
  return {execution.arn, execution.started};
}

ExecutionListItem item_of(const Row& row, const std::string& machine_arn) {
  ExecutionListItem item;
  item.execution_arn = row.text(1);
  item.state_machine_arn = machine_arn;
  item.name = row.text(2);
  item.status = row.text(3);
  item.start_date = row.time(4);
  item.stop_date = row.maybe_time(5);
  item.state_machine_version_arn = row.maybe_text(6);
  item.state_machine_alias_arn = row.maybe_text(7);
  item.redrive_count = static_cast<int32_t>(row.integer(8));
  item.redrive_date = row.maybe_time(9);
  return item;
}

/// The rows of a page; empty filters are not set.
ListExecutionsOutput list_rows(Txn& txn, const Target& target, const std::string& status,
                               const std::string& redrive, NewestFirst& page) {
  // A filter that is not set leaves the column alone, so that the index of the others is used.
  auto filter = [](const char* column, bool set) {
    return fmt::format(" AND {} = ?", set ? column : "''");
  };
  const std::string qualified = qualified_arn(target);
  ListExecutionsOutput output;
  txn.each("SELECT id, arn, name, status, started, stopped, version_arn, alias_arn, redrives, "
           "redriven FROM states_executions "
           "WHERE machine = ? AND id < ? AND redrives BETWEEN ? AND ?" +
               filter(target.alias ? "alias_arn" : "version_arn", !qualified.empty()) +
               filter("status", !status.empty()) + " ORDER BY id DESC LIMIT ?",
           [&](const Row& row) {
             if (page.take(row.integer(0))) {
               output.executions.push_back(item_of(row, target.machine.arn));
             }
           },
           target.machine.id, page.before(), redrive == "REDRIVEN" ? 1 : 0,
           redrive == "NOT_REDRIVEN" ? 0 : std::numeric_limits<int64_t>::max(), qualified, status,
           page.rows());
  output.next_token = page.next_token;
  return output;
}

}  // namespace

StartExecutionOutput start_execution(Call& call, const StartExecutionInput& input) {
  refuse_label(parse_machine_ref(input.state_machine_arn));
  const Target target = get_target(call.txn, input.state_machine_arn);
  const MachineRow& machine = target.machine;
  refuse_deleting(machine);
  std::string name = input.name.value_or("");
  if (input.name) check_name(name);
  std::string text = input.input.value_or("{}");
  check_input(text);
  if (name.empty()) name = call.random.uuid();
  std::string arn = execution_arn(call.site, machine.name, name);
  if (auto existing = find_execution(call.txn, arn)) {
    if (!is_forgotten(*existing, call)) return repeat_of(*existing, text);
    remove_execution(call.txn, existing->id);
  }
  check_open_executions(call);
  const Pinned pinned = pin(call, target);
  call.txn.exec(
      "INSERT INTO states_executions(arn, machine, revision, name, status, started, input, "
      "trace_header, snapshot, version_arn, alias_arn) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      arn, machine.id, pinned.revision, name, kRunning, call.now, text, input.trace_header,
      asl::to_stored(asl::Snapshot()).core, pinned.version_arn, pinned.alias_arn);
  tell_status(call, arn);
  // The client's request ends here: calls follow in transactions of their own.
  run_turn(call, get_number(call.txn, "SELECT id FROM states_executions WHERE arn = ?", arn),
           asl::Started{}, CallMode::outbox);
  return {arn, call.now};
}

DescribeExecutionOutput describe_execution(Call& call, const DescribeExecutionInput& input) {
  ExecutionRow execution = get_execution(call.txn, input.execution_arn);
  bool data = input.included_data.value_or("") != kMetadataOnly;
  DescribeExecutionOutput output;
  output.execution_arn = execution.arn;
  output.state_machine_arn = machine_of(call.txn, execution.machine).arn;
  output.name = execution.name;
  output.status = execution.status;
  output.start_date = execution.started;
  output.stop_date = execution.stopped;
  if (data) output.input = execution.input;
  output.input_details.emplace().included = data;
  if (execution.output) {
    if (data) output.output = execution.output;
    output.output_details.emplace().included = data;
  }
  output.error = execution.error;
  output.cause = execution.cause;
  output.trace_header = execution.trace_header;
  output.state_machine_version_arn = execution.version_arn;
  output.state_machine_alias_arn = execution.alias_arn;
  output.redrive_count = static_cast<int32_t>(execution.redrives);
  output.redrive_date = execution.redriven;
  output.redrive_status_reason = redrive_obstacle(call, execution);
  output.redrive_status = output.redrive_status_reason ? "NOT_REDRIVABLE" : "REDRIVABLE";
  return output;
}

ListExecutionsOutput list_executions(Call& call, const ListExecutionsInput& input) {
  if (input.map_run_arn && input.state_machine_arn) {
    throw errors::validation_exception(
        "Either a state machine ARN or a Map Run ARN can be specified, not both");
  }
  if (input.map_run_arn) {
    throw errors::resource_not_found("Resource not found: '" + *input.map_run_arn + "'");
  }
  if (!input.state_machine_arn) {
    throw errors::validation_exception("A state machine ARN or a Map Run ARN must be specified");
  }
  const Target target = get_target(call.txn, *input.state_machine_arn);
  const std::string status = input.status_filter.value_or("");
  const std::string redrive = input.redrive_filter.value_or("");
  NewestFirst page(
      fmt::format("ListExecutions {} {} {}", *input.state_machine_arn, status, redrive),
      input.next_token, input.max_results);
  return list_rows(call.txn, target, status, redrive, page);
}

StopExecutionOutput stop_execution(Call& call, const StopExecutionInput& input) {
  ExecutionRow execution = get_execution(call.txn, input.execution_arn);
  if (execution.stopped) return {*execution.stopped};
  run_turn(call, execution.id, asl::Aborted{input.error, input.cause}, CallMode::outbox);
  return {call.now};
}

}  // namespace trainyard::states
