// Versions of state machines: numbered, and never changed. Executions are pinned to a revision, so
// that a version's end leaves those alone that it has started.
#pragma once

#include <optional>
#include <string>

#include "services/states/rows.hpp"

namespace trainyard::states {

struct VersionRow {
  int64_t number = 0;  // from 1; a number is never used again
  int64_t revision = 0;
  std::optional<std::string> description;
  Time created;
};
std::optional<VersionRow> find_version(Txn& txn, int64_t machine, int64_t number);
/// The version that has been made of this revision, if one has.
std::optional<VersionRow> find_version_of(Txn& txn, int64_t machine, int64_t revision);
std::string version_arn(const MachineRow& machine, const VersionRow& version);

/// Makes a version of the machine's newest revision, or returns the one that there is of it.
/// ServiceQuotaExceededException.
VersionRow publish_version(Call& call, const MachineRow& machine,
                           const std::optional<std::string>& description);
void remove_versions(Txn& txn, int64_t machine);

}  // namespace trainyard::states
