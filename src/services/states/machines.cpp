// State machines: create, describe, update, list, delete.
#include <fmt/format.h>

#include "base/error.hpp"
#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/paging.hpp"
#include "services/states/definition.hpp"
#include "services/states/names.hpp"
#include "services/states/pages.hpp"
#include "services/states/rows.hpp"
#include "services/states/tags.hpp"
#include "services/states/targets.hpp"
#include "services/states/turn.hpp"

namespace trainyard::states {
namespace {

constexpr std::string_view kStandard = "STANDARD";

/// A definition as a description shows it (API reference, DescribeStateMachine, "definition").
std::string shown(const std::string& definition, const std::optional<std::string>& included_data) {
  return included_data.value_or("") == "METADATA_ONLY" ? "{}" : definition;
}

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
  if (input.version_description && !input.publish.value_or(false)) {
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
  return get_number(call.txn, "SELECT max(id) FROM states_revisions");
}

/// A repeat of the request that made the machine is answered like it. Role and tags do not count
/// (API reference, CreateStateMachine).
CreateStateMachineOutput repeat_of(Call& call, const MachineRow& machine,
                                   const CreateStateMachineInput& input) {
  refuse_deleting(machine);
  CreateStateMachineOutput output{machine.arn, machine.created, std::nullopt};
  bool same = machine.revision.definition == input.definition &&
              machine.revision.log_data == logs_data(input, false);
  if (same && input.publish.value_or(false)) {
    auto version = find_version_of(call.txn, machine.id, machine.revision.id);
    same = version && version->description == input.version_description;
    if (same) output.state_machine_version_arn = version_arn(machine, *version);
  }
  if (!same) {
    throw errors::state_machine_already_exists("State Machine Already Exists: '" + machine.arn +
                                               "'");
  }
  return output;
}

void check_quota(Call& call) {
  const int64_t most = call.site.limits.states.machines;
  if (get_number(call.txn, "SELECT count(*) FROM states_machines") < most) return;
  throw errors::state_machine_limit_exceeded(
      fmt::format("State Machine Limit Exceeded: there are at most {} state machines.", most));
}

/// The version that a request with `publish` makes of what it has stored.
std::optional<std::string> publish_if_asked(Call& call, const std::string& arn,
                                            const std::optional<bool>& publish,
                                            const std::optional<std::string>& description) {
  if (!publish.value_or(false)) return std::nullopt;
  MachineRow machine = get_machine(call.txn, arn);
  return version_arn(machine, publish_version(call, machine, description));
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
  if (auto existing = find_machine(call.txn, arn)) {
    return repeat_of(call, *existing, input);
  }
  check_quota(call);
  prepare_role(call, definition, input.role_arn, arn);
  call.txn.exec(
      "INSERT INTO states_machines(arn, name, status, revision, created) "
      "VALUES (?, ?, 'ACTIVE', 0, ?)",
      arn, input.name, call.now);
  int64_t id = get_number(call.txn, "SELECT id FROM states_machines WHERE arn = ?", arn);
  Revision revision{
      0, std::nullopt, input.definition, input.role_arn, logs_data(input, false), call.now};
  call.txn.exec("UPDATE states_machines SET revision = ? WHERE id = ?",
                insert_revision(call, id, revision), id);
  if (input.tags) put_tags(call, arn, *input.tags);
  return {arn, call.now, publish_if_asked(call, arn, input.publish, input.version_description)};
}

DescribeStateMachineOutput describe_state_machine(Call& call,
                                                  const DescribeStateMachineInput& input) {
  const Target target = get_target(call.txn, input.state_machine_arn);
  const MachineRow& machine = target.machine;
  auto version = target.version;
  // Of an alias's two versions the first is shown. (Unverified.)
  if (target.alias) {
    version = find_version(call.txn, machine.id, target.alias->routes.front().version);
  }
  const Revision revision =
      version ? get_revision(call.txn, version->revision) : machine.revision;
  DescribeStateMachineOutput output;
  output.state_machine_arn = version ? version_arn(machine, *version) : machine.arn;
  output.name = machine.name;
  output.status = machine.deleting ? "DELETING" : "ACTIVE";
  output.definition = shown(revision.definition, input.included_data);
  output.role_arn = revision.role_arn;
  output.type = kStandard;
  output.creation_date = version ? version->created : machine.created;
  output.logging_configuration = logging_of(revision);
  output.tracing_configuration.emplace().enabled = false;
  output.revision_id = revision.revision_id;
  if (version) output.description = version->description;
  return output;
}

UpdateStateMachineOutput update_state_machine(Call& call, const UpdateStateMachineInput& input) {
  MachineRow machine = get_machine(call.txn, input.state_machine_arn);
  refuse_deleting(machine);
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
    return {call.now, revision.revision_id,
            publish_if_asked(call, machine.arn, input.publish, input.version_description)};
  }
  revision.revision_id = call.random.uuid();
  revision.created = call.now;
  call.txn.exec("UPDATE states_machines SET revision = ? WHERE id = ?",
                insert_revision(call, machine.id, revision), machine.id);
  return {call.now, revision.revision_id,
          publish_if_asked(call, machine.arn, input.publish, input.version_description)};
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
  auto machine = find_machine(call.txn, unqualified_arn(input.state_machine_arn));
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
  output.definition = shown(revision.definition, input.included_data);
  output.role_arn = revision.role_arn;
  output.update_date = revision.created;
  output.logging_configuration = logging_of(revision);
  output.tracing_configuration.emplace().enabled = false;
  output.revision_id = revision.revision_id;
  return output;
}

}  // namespace trainyard::states
