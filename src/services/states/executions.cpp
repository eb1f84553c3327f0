// Executions: start, describe, list, stop.
#include <limits>

#include "asl/payload.hpp"
#include "base/error.hpp"
#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/paging.hpp"
#include "services/states/names.hpp"
#include "services/states/pages.hpp"
#include "services/states/rows.hpp"
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

/// Newest first, below `before`.
std::vector<ExecutionListItem> list_rows(Txn& txn, int64_t machine, const std::string& machine_arn,
                                         const std::string& status, int64_t before, int limit) {
  std::vector<ExecutionListItem> items;
  auto visit = [&](const Row& row) {
    ExecutionListItem item;
    item.execution_arn = row.text(0);
    item.state_machine_arn = machine_arn;
    item.name = row.text(1);
    item.status = row.text(2);
    item.start_date = row.time(3);
    item.stop_date = row.maybe_time(4);
    item.redrive_count = 0;
    items.push_back(std::move(item));
  };
  if (status.empty()) {
    txn.each(
        "SELECT arn, name, status, started, stopped FROM states_executions "
        "WHERE machine = ? AND id < ? ORDER BY id DESC LIMIT ?",
        visit, machine, before, limit);
  } else {
    txn.each(
        "SELECT arn, name, status, started, stopped FROM states_executions "
        "WHERE machine = ? AND status = ? AND id < ? ORDER BY id DESC LIMIT ?",
        visit, machine, status, before, limit);
  }
  return items;
}

int64_t id_of(Txn& txn, std::string_view arn) {
  return txn
      .one(
          "SELECT id FROM states_executions WHERE arn = ?",
          [](const Row& row) { return row.integer(0); }, arn)
      .value();
}

}  // namespace

StartExecutionOutput start_execution(Call& call, const StartExecutionInput& input) {
  MachineRow machine = get_machine(call.txn, input.state_machine_arn);
  if (machine.deleting) {
    throw errors::state_machine_deleting("State Machine is being deleted: '" + machine.arn + "'");
  }
  std::string name = input.name.value_or("");
  if (input.name) check_name(name);
  std::string text = input.input.value_or("{}");
  check_input(text);
  if (name.empty()) name = call.random.uuid();
  std::string arn = execution_arn(call.site, machine.name, name);
  if (auto existing = find_execution(call.txn, arn)) return repeat_of(*existing, text);
  call.txn.exec(
      "INSERT INTO states_executions(arn, machine, revision, name, status, started, input, "
      "trace_header, snapshot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      arn, machine.id, machine.revision.id, name, kRunning, call.now, text, input.trace_header,
      asl::to_stored(asl::Snapshot()).core);
  // The client's request ends here: calls follow in transactions of their own.
  run_turn(call, id_of(call.txn, arn), asl::Started{}, CallMode::outbox);
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
  output.redrive_count = 0;
  output.redrive_status = "NOT_REDRIVABLE";
  output.redrive_status_reason = "Execution is " + execution.status + " and cannot be redriven";
  return output;
}

ListExecutionsOutput list_executions(Call& call, const ListExecutionsInput& input) {
  if (input.map_run_arn) {
    throw errors::resource_not_found("Resource not found: '" + *input.map_run_arn + "'");
  }
  if (!input.state_machine_arn) {
    throw errors::validation_exception("A state machine ARN or a Map Run ARN must be specified");
  }
  MachineRow machine = get_machine(call.txn, *input.state_machine_arn);
  ListExecutionsOutput output;
  if (input.redrive_filter.value_or("") == "REDRIVEN") return output;  // none ever is
  std::string status = input.status_filter.value_or("");
  std::string listing = "ListExecutions " + machine.arn + " " + status;
  constexpr int64_t kFirst = std::numeric_limits<int64_t>::max();
  int64_t before = page_position(listing, input.next_token).value_or(kFirst);
  int size = page_size(input.max_results);
  output.executions = list_rows(call.txn, machine.id, machine.arn, status, before, size + 1);
  if (static_cast<int>(output.executions.size()) > size) {
    output.executions.pop_back();
    int64_t last = id_of(call.txn, output.executions.back().execution_arn);
    output.next_token = make_page_token(listing, std::to_string(last));
  }
  return output;
}

StopExecutionOutput stop_execution(Call& call, const StopExecutionInput& input) {
  ExecutionRow execution = get_execution(call.txn, input.execution_arn);
  if (execution.stopped) return {*execution.stopped};
  run_turn(call, execution.id, asl::Aborted{input.error, input.cause}, CallMode::outbox);
  return {call.now};
}

}  // namespace trainyard::states
