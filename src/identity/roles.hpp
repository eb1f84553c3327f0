// The table of roles.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/tags.hpp"
#include "store/txn.hpp"

namespace trainyard::identity {

struct Role {
  std::string name;
  std::string path = "/";
  std::string arn;
  std::string id;  // AROA…
  std::string trust;  // the document that says who may assume it, as it was given
  std::optional<std::string> description;
  int64_t session_max = 3600;  // seconds
  std::vector<Tag> tags;
  Time created;
};

/// Whether a role has this name in any spelling of case.
bool role_name_taken(Txn& txn, std::string_view name);
void insert_role(Txn& txn, const Role& role);
std::optional<Role> find_role(Txn& txn, std::string_view name);
std::optional<Role> find_role_by_arn(Txn& txn, std::string_view arn);
/// Up to `limit` roles below `path_prefix` whose names follow `after`, by name.
std::vector<Role> list_roles(Txn& txn, std::string_view path_prefix, std::string_view after,
                             int64_t limit);
int64_t count_roles(Txn& txn);
void set_role_trust(Txn& txn, std::string_view name, std::string_view document);
/// Its sessions end with it; its policies are the caller's business.
void delete_role(Txn& txn, const Role& role);

}  // namespace trainyard::identity
