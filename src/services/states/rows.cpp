#include "services/states/rows.hpp"

#include "base/error.hpp"
#include "generated/states/errors.hpp"
#include "services/states/aliases.hpp"
#include "services/states/names.hpp"
#include "services/states/retention.hpp"
#include "services/states/tags.hpp"
#include "services/states/versions.hpp"

namespace trainyard::states {
namespace {

constexpr std::string_view kDeleting = "DELETING";

ExecutionRow execution_of(const Row& row) {
  ExecutionRow found;
  found.id = row.integer(0);
  found.arn = row.text(1);
  found.name = row.text(2);
  found.status = row.text(3);
  found.machine = row.integer(4);
  found.revision = row.integer(5);
  found.started = row.time(6);
  found.stopped = row.maybe_time(7);
  found.input = row.text(8);
  found.output = row.maybe_text(9);
  found.error = row.maybe_text(10);
  found.cause = row.maybe_text(11);
  found.trace_header = row.maybe_text(12);
  found.version_arn = row.maybe_text(13);
  found.alias_arn = row.maybe_text(14);
  found.redrives = row.integer(15);
  found.redriven = row.maybe_time(16);
  return found;
}

}  // namespace

std::optional<MachineRow> find_machine(Txn& txn, std::string_view arn) {
  int64_t revision = 0;
  auto machine = txn.one(
      "SELECT id, arn, name, status, created, revision FROM states_machines WHERE arn = ?",
      [&](const Row& row) {
        MachineRow found;
        found.id = row.integer(0);
        found.arn = row.text(1);
        found.name = row.text(2);
        found.deleting = row.text(3) == kDeleting;
        found.created = row.time(4);
        revision = row.integer(5);
        return found;
      },
      arn);
  if (machine) machine->revision = get_revision(txn, revision);
  return machine;
}

MachineRow get_machine(Txn& txn, const std::string& arn) {
  auto machine = find_machine(txn, unqualified_arn(arn));
  if (!machine) throw no_such_machine(arn);
  return *machine;
}

ApiError no_such_machine(const std::string& arn) {
  return errors::state_machine_does_not_exist("State Machine Does Not Exist: '" + arn + "'");
}

void refuse_deleting(const MachineRow& machine) {
  if (!machine.deleting) return;
  throw errors::state_machine_deleting("State Machine is being deleted: '" + machine.arn + "'");
}

Revision get_revision(Txn& txn, int64_t id) {
  auto revision = txn.one(
      "SELECT revision_id, definition, role_arn, log_data, created FROM states_revisions "
      "WHERE id = ?",
      [&](const Row& row) {
        return Revision{id,          row.maybe_text(0),   row.text(1),
                        row.text(2), row.integer(3) != 0, row.time(4)};
      },
      id);
  TRAINYARD_ASSERT(revision.has_value());
  return *revision;
}

void remove_if_done(Txn& txn, int64_t machine) {
  bool busy = txn.exists(
      "SELECT 1 FROM states_executions WHERE machine = ? AND status = 'RUNNING' LIMIT 1", machine);
  if (busy || !machine_of(txn, machine).deleting) return;
  remove_executions_of(txn, machine);
  remove_aliases(txn, machine);
  remove_versions(txn, machine);
  remove_tags(txn, machine_of(txn, machine).arn);
  txn.exec("DELETE FROM states_revisions WHERE machine = ?", machine);
  txn.exec("DELETE FROM states_machines WHERE id = ?", machine);
}

std::optional<ExecutionRow> find_execution(Txn& txn, std::string_view arn) {
  return txn.one(
      "SELECT id, arn, name, status, machine, revision, started, stopped, input, output, error, "
      "cause, trace_header, version_arn, alias_arn, redrives, redriven FROM states_executions "
      "WHERE arn = ?",
      execution_of, arn);
}

std::optional<ExecutionRow> find_execution(Txn& txn, int64_t id) {
  return txn.one(
      "SELECT id, arn, name, status, machine, revision, started, stopped, input, output, error, "
      "cause, trace_header, version_arn, alias_arn, redrives, redriven FROM states_executions "
      "WHERE id = ?",
      execution_of, id);
}

ExecutionRow get_execution(Txn& txn, const std::string& arn) {
  check_arn(arn, "execution");
  auto execution = find_execution(txn, arn);
  if (!execution) {
    throw errors::execution_does_not_exist("Execution Does Not Exist: '" + arn + "'");
  }
  return *execution;
}

asl::Stored read_snapshot(Txn& txn, int64_t execution) {
  asl::Stored stored;
  stored.core = txn.one("SELECT snapshot FROM states_executions WHERE id = ?",
                        [](const Row& row) { return row.text(0); }, execution)
                    .value();
  txn.each("SELECT name, body FROM states_parts WHERE execution = ?",
           [&](const Row& row) { stored.parts.emplace(row.text(0), row.text(1)); }, execution);
  return stored;
}

void write_snapshot(Txn& txn, int64_t execution, const asl::Stored& before,
                    const asl::Stored& after) {
  if (before.core != after.core) {
    txn.exec("UPDATE states_executions SET snapshot = ? WHERE id = ?", after.core, execution);
  }
  for (const auto& [name, body] : before.parts) {
    if (after.parts.contains(name)) continue;
    txn.exec("DELETE FROM states_parts WHERE execution = ? AND name = ?", execution, name);
  }
  for (const auto& [name, body] : after.parts) {
    auto known = before.parts.find(name);
    if (known != before.parts.end() && known->second == body) continue;
    txn.exec(
        "INSERT INTO states_parts(execution, name, body) VALUES (?, ?, ?) "
        "ON CONFLICT(execution, name) DO UPDATE SET body = excluded.body",
        execution, name, body);
  }
}

MachineName machine_of(Txn& txn, int64_t machine) {
  auto found = txn.one(
      "SELECT arn, name, status FROM states_machines WHERE id = ?",
      [](const Row& row) {
        return MachineName{row.text(0), row.text(1), row.text(2) == kDeleting};
      },
      machine);
  TRAINYARD_ASSERT(found.has_value());
  return *found;
}

}  // namespace trainyard::states
