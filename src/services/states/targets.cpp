#include "services/states/targets.hpp"

#include "base/error.hpp"
#include "services/states/names.hpp"

namespace trainyard::states {

Target get_target(Txn& txn, const std::string& arn) {
  const MachineRef ref = parse_machine_ref(arn);
  auto machine = find_machine(txn, ref.machine);
  if (!machine) throw no_such_machine(arn);
  Target target{std::move(*machine), std::nullopt, std::nullopt};
  if (ref.qualifier.empty()) return target;
  if (auto number = ref.version()) {
    target.version = find_version(txn, target.machine.id, *number);
  } else {
    target.alias = find_alias(txn, target.machine.id, ref.qualifier);
  }
  if (!target.version && !target.alias) throw no_such_machine(arn);
  return target;
}

std::string qualified_arn(const Target& target) {
  if (target.version) return version_arn(target.machine, *target.version);
  return target.alias ? qualified_arn(target.machine.arn, target.alias->name) : "";
}

Pinned pin(Call& call, const Target& target) {
  if (!target.version && !target.alias) return {target.machine.revision.id, {}, {}};
  Pinned pinned;
  auto version = target.version;
  if (target.alias) {
    pinned.alias_arn = qualified_arn(target);
    version = find_version(call.txn, target.machine.id, draw_version(*target.alias, call.random));
    TRAINYARD_ASSERT(version.has_value());  // a version that an alias leads to is not deleted
  }
  pinned.version_arn = version_arn(target.machine, *version);
  pinned.revision = version->revision;
  return pinned;
}

}  // namespace trainyard::states
