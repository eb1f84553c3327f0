// Executions: start, describe, list, stop.
#include <fmt/format.h>

#include <limits>

#include "asl/payload.hpp"
#include "base/error.hpp"
#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/paging.hpp"
#include "services/states/names.hpp"
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

/// What a page of ListExecutions is made of.
struct Listing {
  const Target& target;
  std::string status;         // "" for all
  std::string redrive;        // "REDRIVEN", "NOT_REDRIVEN", or "" for all
  std::string name;           // of these filters; page tokens are bound to it
};

/// Newest first, below `before`.
std::vector<ExecutionListItem> list_rows(Txn& txn, const Listing& listing, int64_t before,
                                         int limit) {
  const MachineRow& machine = listing.target.machine;
  std::vector<ExecutionListItem> items;
  auto visit = [&](const Row& row) {
    ExecutionListItem item;
    item.execution_arn = row.text(0);
    item.state_machine_arn = machine.arn;
    item.name = row.text(1);
    item.status = row.text(2);
    item.start_date = row.time(3);
    item.stop_date = row.maybe_time(4);
    item.state_machine_version_arn = row.maybe_text(5);
    item.state_machine_alias_arn = row.maybe_text(6);
    item.redrive_count = static_cast<int32_t>(row.integer(7));
    item.redrive_date = row.maybe_time(8);
    items.push_back(std::move(item));
  };
  // A filter that is not set leaves the column alone, so that the index of the others is used.
  auto filter = [](const char* column, bool set) {
    return fmt::format(" AND {} = ?", set ? column : "''");
  };
  const char* column = listing.target.alias ? "alias_arn" : "version_arn";
  const std::string qualified = qualified_arn(listing.target);
  const bool redriven = listing.redrive == "REDRIVEN";
  txn.each("SELECT arn, name, status, started, stopped, version_arn, alias_arn, redrives, redriven "
           "FROM states_executions WHERE machine = ? AND id < ? AND redrives BETWEEN ? AND ?" +
               filter(column, !qualified.empty()) + filter("status", !listing.status.empty()) +
               " ORDER BY id DESC LIMIT ?",
           visit, machine.id, before, redriven ? 1 : 0,
           listing.redrive == "NOT_REDRIVEN" ? 0 : std::numeric_limits<int64_t>::max(), qualified,
           listing.status, limit);
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
  Listing listing{target, input.status_filter.value_or(""), input.redrive_filter.value_or(""), ""};
  listing.name = fmt::format("ListExecutions {} {} {}", *input.state_machine_arn, listing.status,
                             listing.redrive);
  constexpr int64_t kFirst = std::numeric_limits<int64_t>::max();
  int64_t before = page_position(listing.name, input.next_token).value_or(kFirst);
  int size = page_size(input.max_results);
  ListExecutionsOutput output;
  output.executions = list_rows(call.txn, listing, before, size + 1);
  if (static_cast<int>(output.executions.size()) > size) {
    output.executions.pop_back();
    int64_t last = id_of(call.txn, output.executions.back().execution_arn);
    output.next_token = make_page_token(listing.name, std::to_string(last));
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
