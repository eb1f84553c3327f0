#include "identity/roles.hpp"

#include "base/text.hpp"

namespace trainyard::identity {
namespace {

#define ROLE_COLUMNS "name, path, arn, id, trust, description, session_max, tags, created"

Role role_of(const Row& row) {
  Role role;
  role.name = row.text(0);
  role.path = row.text(1);
  role.arn = row.text(2);
  role.id = row.text(3);
  role.trust = row.text(4);
  role.description = row.maybe_text(5);
  role.session_max = row.integer(6);
  role.tags = decode_tags(row.text(7));
  role.created = row.time(8);
  return role;
}

}  // namespace

bool role_name_taken(Txn& txn, std::string_view name) {
  return txn.exists("SELECT 1 FROM iam_roles WHERE folded = ?", to_lower(name));
}

void insert_role(Txn& txn, const Role& role) {
  txn.exec("INSERT INTO iam_roles(" ROLE_COLUMNS ", folded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
           role.name, role.path, role.arn, role.id, role.trust, role.description, role.session_max,
           encode_tags(role.tags), role.created, to_lower(role.name));
}

std::optional<Role> find_role(Txn& txn, std::string_view name) {
  return txn.one("SELECT " ROLE_COLUMNS " FROM iam_roles WHERE name = ?", role_of, name);
}

std::optional<Role> find_role_by_arn(Txn& txn, std::string_view arn) {
  return txn.one("SELECT " ROLE_COLUMNS " FROM iam_roles WHERE arn = ?", role_of, arn);
}

std::vector<Role> list_roles(Txn& txn, std::string_view path_prefix, std::string_view after,
                             int64_t limit) {
  std::vector<Role> roles;
  txn.each("SELECT " ROLE_COLUMNS " FROM iam_roles "
           "WHERE name > ? AND substr(path, 1, ?) = ? ORDER BY name LIMIT ?",
           [&](const Row& row) { roles.push_back(role_of(row)); }, after,
           static_cast<int64_t>(path_prefix.size()), path_prefix, limit);
  return roles;
}

int64_t count_roles(Txn& txn) {
  return *txn.one("SELECT count(*) FROM iam_roles", [](const Row& row) { return row.integer(0); });
}

void set_role_trust(Txn& txn, std::string_view name, std::string_view document) {
  txn.exec("UPDATE iam_roles SET trust = ? WHERE name = ?", document, name);
}

void delete_role(Txn& txn, const Role& role) {
  txn.exec("DELETE FROM sts_sessions WHERE role_id = ?", role.id);
  txn.exec("DELETE FROM iam_roles WHERE name = ?", role.name);
}

}  // namespace trainyard::identity
