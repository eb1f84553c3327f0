#include "services/states/versions.hpp"

#include <fmt/format.h>

#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/states/aliases.hpp"
#include "services/states/names.hpp"
#include "services/states/pages.hpp"

namespace trainyard::states {
namespace {

/// What a request calls the first revision, which has no id of its own.
constexpr std::string_view kInitial = "INITIAL";

VersionRow version_of(const Row& row) {
  return {row.integer(0), row.integer(1), row.maybe_text(2), row.time(3)};
}

}  // namespace

std::optional<VersionRow> find_version(Txn& txn, int64_t machine, int64_t number) {
  return txn.one(
      "SELECT number, revision, description, created FROM states_versions "
      "WHERE machine = ? AND number = ?",
      version_of, machine, number);
}

std::optional<VersionRow> find_version_of(Txn& txn, int64_t machine, int64_t revision) {
  return txn.one(
      "SELECT number, revision, description, created FROM states_versions "
      "WHERE machine = ? AND revision = ?",
      version_of, machine, revision);
}

std::string version_arn(const MachineRow& machine, const VersionRow& version) {
  return qualified_arn(machine.arn, std::to_string(version.number));
}

VersionRow publish_version(Call& call, const MachineRow& machine,
                           const std::optional<std::string>& description) {
  if (auto same = find_version_of(call.txn, machine.id, machine.revision.id)) return *same;
  const int64_t most = call.site.limits.states.versions;
  if (get_number(call.txn, "SELECT count(*) FROM states_versions WHERE machine = ?", machine.id) >=
      most) {
    throw errors::service_quota_exceeded_exception(fmt::format(
        "'{}' has {} versions, which is the most a state machine can have.", machine.arn, most));
  }
  call.txn.exec("UPDATE states_machines SET last_version = last_version + 1 WHERE id = ?",
                machine.id);
  call.txn.exec(
      "INSERT INTO states_versions(machine, number, revision, description, created) "
      "SELECT id, last_version, ?, ?, ? FROM states_machines WHERE id = ?",
      machine.revision.id, description, call.now, machine.id);
  return find_version_of(call.txn, machine.id, machine.revision.id).value();
}

void remove_versions(Txn& txn, int64_t machine) {
  txn.exec("DELETE FROM states_versions WHERE machine = ?", machine);
}

PublishStateMachineVersionOutput publish_state_machine_version(
    Call& call, const PublishStateMachineVersionInput& input) {
  MachineRow machine = get_machine(call.txn, input.state_machine_arn);
  refuse_deleting(machine);
  const std::string current = machine.revision.revision_id.value_or(std::string(kInitial));
  if (input.revision_id && *input.revision_id != current) {
    throw errors::conflict_exception(fmt::format("The revision of '{}' is {}, not {}.", machine.arn,
                                                 current, *input.revision_id));
  }
  VersionRow version = publish_version(call, machine, input.description);
  return {version.created, version_arn(machine, version)};
}

ListStateMachineVersionsOutput list_state_machine_versions(
    Call& call, const ListStateMachineVersionsInput& input) {
  const std::string arn = unqualified_arn(input.state_machine_arn);
  NewestFirst page("ListStateMachineVersions " + arn, input.next_token, input.max_results);
  ListStateMachineVersionsOutput output;
  call.txn.each(
      "SELECT v.number, v.created FROM states_versions v JOIN states_machines m "
      "ON m.id = v.machine WHERE m.arn = ? AND v.number < ? ORDER BY v.number DESC LIMIT ?",
      [&](const Row& row) {
        if (!page.take(row.integer(0))) return;
        output.state_machine_versions.push_back(
            {qualified_arn(arn, std::to_string(row.integer(0))), row.time(1)});
      },
      arn, page.before(), page.rows());
  output.next_token = page.next_token;
  return output;
}

DeleteStateMachineVersionOutput delete_state_machine_version(
    Call& call, const DeleteStateMachineVersionInput& input) {
  const MachineRef ref = parse_machine_ref(input.state_machine_version_arn);
  refuse_label(ref);
  const auto number = ref.version();
  if (!number) {
    throw errors::validation_exception("Not the ARN of a state machine version: '" +
                                       input.state_machine_version_arn + "'");
  }
  auto machine = find_machine(call.txn, ref.machine);
  if (!machine) return {};  // deleting twice is no error
  if (auto alias = find_alias_to(call.txn, machine->id, *number)) {
    throw errors::conflict_exception(
        fmt::format("Version '{}' is referenced by the alias '{}': delete it, or update it to "
                    "another version, first.",
                    input.state_machine_version_arn, *alias));
  }
  call.txn.exec("DELETE FROM states_versions WHERE machine = ? AND number = ?", machine->id,
                *number);
  return {};
}

}  // namespace trainyard::states
