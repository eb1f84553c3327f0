// Aliases of state machines: names that lead to one or two versions, by weight.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/states/rows.hpp"

namespace trainyard::states {

struct Route {
  int64_t version = 0;
  int32_t weight = 0;  // of 100
  bool operator==(const Route&) const = default;
};

struct AliasRow {
  int64_t id = 0;
  std::string name;
  std::optional<std::string> description;
  Time created, updated;
  std::vector<Route> routes;  // one or two; their weights make 100
};
std::optional<AliasRow> find_alias(Txn& txn, int64_t machine, std::string_view name);
/// The name of an alias that leads to this version, if one does.
std::optional<std::string> find_alias_to(Txn& txn, int64_t machine, int64_t version);
/// The version that an execution started by the alias runs: by chance, as the weights say.
int64_t draw_version(const AliasRow& alias, Random& random);
void remove_aliases(Txn& txn, int64_t machine);

}  // namespace trainyard::states
