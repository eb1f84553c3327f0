// What a request about executions names: a state machine, or one of its versions or aliases.
#pragma once

#include <optional>
#include <string>

#include "services/states/aliases.hpp"
#include "services/states/versions.hpp"

namespace trainyard::states {

struct Target {
  MachineRow machine;
  std::optional<VersionRow> version;
  std::optional<AliasRow> alias;
};
/// StateMachineDoesNotExist when the machine, version or alias is not there; InvalidArn.
Target get_target(Txn& txn, const std::string& arn);

/// The ARN of the version or alias; "" for the machine itself.
std::string qualified_arn(const Target& target);

/// What an execution runs that is started now: the pinned revision, and by which names.
struct Pinned {
  int64_t revision = 0;
  std::optional<std::string> version_arn, alias_arn;
};
/// An alias's version is drawn by its weights.
Pinned pin(Call& call, const Target& target);

}  // namespace trainyard::states
