// State machines: create, describe, update, list, delete.
#include "base/error.hpp"
#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/paging.hpp"
#include "services/states/definition.hpp"
#include "services/states/names.hpp"
#include "services/states/pages.hpp"
#include "services/states/rows.hpp"
#include "services/states/tags.hpp"
#include "services/states/turn.hpp"

namespace trainyard::states {
namespace {

constexpr std::string_view kStandard = "STANDARD";

/// Logging, tracing and keys: what a machine may ask for here.
template <class Input>
void check_configuration(const Input& input) {
  const auto& logging = input.logging_configuration;
  if (logging && logging->level.value_or("OFF") != "OFF") {
    throw errors::invalid_logging_configuration(
        "Invalid Logging Configuration: executions are not logged here; the level must be OFF.");
  }
  if (input.tracing_configuration && input.tracing_configuration->enabled.value_or(false)) {
    throw errors::invalid_tracing_configuration(
        "Invalid Tracing Configuration: executions are not traced here.");
  }
  if (input.encryption_configuration && input.encryption_configuration->type != "AWS_OWNED_KEY") {
    throw errors::invalid_encryption_configuration(
        "Invalid Encryption Configuration: there are no customer managed keys here.");
  }
  if (input.publish.value_or(false)) {
    throw errors::validation_exception("Versions of state machines cannot be published here.");
  }
  if (input.version_description) {
    throw errors::validation_exception(
        "Version description can only be set when publish is set to true.");
  }
}

template <class Input>
bool logs_data(const Input& input, bool otherwise) {
  const auto& logging = input.logging_configuration;
  return logging ? logging->include_execution_data.value_or(false) : otherwise;
}

int64_t insert_revision(Call& call, int64_t machine, const Revision& revision) {
  call.txn.exec(
      "INSERT INTO states_revisions(machine, revision_id, definition, role_arn, log_data, "
      "created) VALUES (?, ?, ?, ?, ?, ?)",
      machine, revision.revision_id, revision.definition, revision.role_arn, revision.log_data,
      revision.created);
  return call.txn
      .one("SELECT max(id) FROM states_revisions", [](const Row& row) { return row.integer(0); })
      .value();
}

ApiError is_deleting(const std::string& arn) {
  return errors::state_machine_deleting("State Machine is being deleted: '" + arn + "'");
}

/// A repeat of the request that made the machine is answered like it. Role and tags do not count
/// (API reference, CreateStateMachine).
CreateStateMachineOutput repeat_of(const MachineRow& machine,
                                   const CreateStateMachineInput& input) {
  if (machine.deleting) throw is_deleting(machine.arn);
  if (machine.revision.definition != input.definition ||
      machine.revision.log_data != logs_data(input, false)) {
    throw errors::state_machine_already_exists("State Machine Already Exists: '" + machine.arn +
                                               "'");
  }
  return {machine.arn, machine.created, std::nullopt};
}

LoggingConfiguration logging_of(const Revision& revision) {
  LoggingConfiguration logging;
  logging.level = "OFF";
  logging.include_execution_data = revision.log_data;
  return logging;
}

}  // namespace

CreateStateMachineOutput create_state_machine(Call& call, const CreateStateMachineInput& input) {
  check_name(input.name);
  check_role_arn(input.role_arn);
  if (input.type.value_or(std::string(kStandard)) != kStandard) {
    throw errors::state_machine_type_not_supported(
        "State machines of type EXPRESS are not supported here.");
  }
  check_configuration(input);
  asl::Machine definition = check_definition(call, input.definition);
  std::string arn = machine_arn(call.site, input.name);
  if (auto existing = find_machine(call.txn, arn)) return repeat_of(*existing, input);
  prepare_role(call, definition, input.role_arn, arn);
  call.txn.exec(
      "INSERT INTO states_machines(arn, name, status, revision, created) "
      "VALUES (?, ?, 'ACTIVE', 0, ?)",
      arn, input.name, call.now);
  int64_t id = call.txn
                   .one(
                       "SELECT id FROM states_machines WHERE arn = ?",
                       [](const Row& row) { return row.integer(0); }, arn)
                   .value();
  Revision revision{
      0, std::nullopt, input.definition, input.role_arn, logs_data(input, false), call.now};
  call.txn.exec("UPDATE states_machines SET revision = ? WHERE id = ?",
                insert_revision(call, id, revision), id);
  if (input.tags) put_tags(call.txn, id, *input.tags);
  return {arn, call.now, std::nullopt};
}

DescribeStateMachineOutput describe_state_machine(Call& call,
                                                  const DescribeStateMachineInput& input) {
  MachineRow machine = get_machine(call.txn, input.state_machine_arn);
  DescribeStateMachineOutput output;
  output.state_machine_arn = machine.arn;
  output.name = machine.name;
  output.status = machine.deleting ? "DELETING" : "ACTIVE";
  output.definition = machine.revision.definition;
  output.role_arn = machine.revision.role_arn;
  output.type = kStandard;
  output.creation_date = machine.created;
  output.logging_configuration = logging_of(machine.revision);
  output.tracing_configuration.emplace().enabled = false;
  output.revision_id = machine.revision.revision_id;
  return output;
}

UpdateStateMachineOutput update_state_machine(Call& call, const UpdateStateMachineInput& input) {
  MachineRow machine = get_machine(call.txn, input.state_machine_arn);
  if (machine.deleting) throw is_deleting(machine.arn);
  if (!input.definition && !input.role_arn && !input.logging_configuration &&
      !input.tracing_configuration && !input.encryption_configuration) {
    throw errors::missing_required_parameter(
        "Either the definition, the role ARN, the LoggingConfiguration, or the "
        "TracingConfiguration must be specified");
  }
  if (input.role_arn) check_role_arn(*input.role_arn);
  check_configuration(input);
  Revision revision = machine.revision;
  revision.definition = input.definition.value_or(revision.definition);
  revision.role_arn = input.role_arn.value_or(revision.role_arn);
  revision.log_data = logs_data(input, revision.log_data);
  asl::Machine definition = check_definition(call, revision.definition);
  prepare_role(call, definition, revision.role_arn, machine.arn);
  if (revision.definition == machine.revision.definition &&
      revision.role_arn == machine.revision.role_arn &&
      revision.log_data == machine.revision.log_data) {
    return {call.now, revision.revision_id, std::nullopt};
  }
  revision.revision_id = call.random.uuid();
  revision.created = call.now;
  call.txn.exec("UPDATE states_machines SET revision = ? WHERE id = ?",
                insert_revision(call, machine.id, revision), machine.id);
  return {call.now, revision.revision_id, std::nullopt};
}

ListStateMachinesOutput list_state_machines(Call& call, const ListStateMachinesInput& input) {
  const std::string kListing = "ListStateMachines";
  std::string after = page_name(kListing, input.next_token).value_or("");
  std::size_t size = static_cast<std::size_t>(page_size(input.max_results));
  ListStateMachinesOutput output;
  call.txn.each(
      "SELECT arn, name, created FROM states_machines WHERE status = 'ACTIVE' AND name > ? "
      "ORDER BY name LIMIT ?",
      [&](const Row& row) {
        output.state_machines.push_back(
            {row.text(0), row.text(1), std::string(kStandard), row.time(2)});
      },
      after, size + 1);
  if (output.state_machines.size() > size) {
    output.state_machines.pop_back();
    output.next_token = make_page_token(kListing, output.state_machines.back().name);
  }
  return output;
}

DeleteStateMachineOutput delete_state_machine(Call& call, const DeleteStateMachineInput& input) {
  check_arn(input.state_machine_arn, "stateMachine");
  auto machine = find_machine(call.txn, input.state_machine_arn);
  if (!machine) return {};  // deleting twice is no error
  call.txn.exec("UPDATE states_machines SET status = 'DELETING' WHERE id = ?", machine->id);
  remove_if_done(call.txn, machine->id);
  return {};
}

DescribeStateMachineForExecutionOutput describe_state_machine_for_execution(
    Call& call, const DescribeStateMachineForExecutionInput& input) {
  ExecutionRow execution = get_execution(call.txn, input.execution_arn);
  MachineName machine = machine_of(call.txn, execution.machine);
  Revision revision = get_revision(call.txn, execution.revision);
  DescribeStateMachineForExecutionOutput output;
  output.state_machine_arn = machine.arn;
  output.name = machine.name;
  output.definition = revision.definition;
  output.role_arn = revision.role_arn;
  output.update_date = revision.created;
  output.logging_configuration = logging_of(revision);
  output.tracing_configuration.emplace().enabled = false;
  output.revision_id = revision.revision_id;
  return output;
}

}  // namespace trainyard::states
