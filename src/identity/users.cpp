#include "identity/users.hpp"

#include "base/text.hpp"

namespace trainyard::identity {
namespace {

#define USER_COLUMNS "name, path, arn, id, tags, created"

User user_of(const Row& row) {
  User user;
  user.name = row.text(0);
  user.path = row.text(1);
  user.arn = row.text(2);
  user.id = row.text(3);
  user.tags = decode_tags(row.text(4));
  user.created = row.time(5);
  return user;
}

}  // namespace

bool user_name_taken(Txn& txn, std::string_view name) {
  return txn.exists("SELECT 1 FROM iam_users WHERE folded = ?", to_lower(name));
}

void insert_user(Txn& txn, const User& user) {
  txn.exec("INSERT INTO iam_users(" USER_COLUMNS ", folded) VALUES (?, ?, ?, ?, ?, ?, ?)",
           user.name, user.path, user.arn, user.id, encode_tags(user.tags), user.created,
           to_lower(user.name));
}

std::optional<User> find_user(Txn& txn, std::string_view name) {
  return txn.one("SELECT " USER_COLUMNS " FROM iam_users WHERE name = ?", user_of, name);
}

bool user_arn_exists(Txn& txn, std::string_view arn) {
  return txn.exists("SELECT 1 FROM iam_users WHERE arn = ?", arn);
}

std::vector<User> list_users(Txn& txn, std::string_view path_prefix, std::string_view after,
                             int64_t limit) {
  std::vector<User> users;
  txn.each("SELECT " USER_COLUMNS " FROM iam_users "
           "WHERE name > ? AND substr(path, 1, ?) = ? ORDER BY name LIMIT ?",
           [&](const Row& row) { users.push_back(user_of(row)); }, after,
           static_cast<int64_t>(path_prefix.size()), path_prefix, limit);
  return users;
}

int64_t count_users(Txn& txn) {
  return *txn.one("SELECT count(*) FROM iam_users", [](const Row& row) { return row.integer(0); });
}

void delete_user(Txn& txn, const User& user) {
  txn.exec("DELETE FROM iam_users WHERE name = ?", user.name);
}

void insert_access_key(Txn& txn, const AccessKey& key) {
  txn.exec("INSERT INTO iam_access_keys(id, secret, account, user_id, active, created) "
           "VALUES (?, ?, ?, ?, ?, ?)",
           key.id, key.secret, key.account, key.user_id, key.active, key.created);
}

std::vector<AccessKey> list_access_keys(Txn& txn, const std::optional<std::string>& user_id) {
  std::vector<AccessKey> keys;
  auto add = [&](const Row& row) {
    keys.push_back({row.text(0), row.text(1), row.text(2), row.maybe_text(3), row.integer(4) != 0,
                    row.time(5)});
  };
  constexpr std::string_view kOfUser =
      "SELECT id, secret, account, user_id, active, created FROM iam_access_keys "
      "WHERE user_id = ? ORDER BY id";
  constexpr std::string_view kOfRoot =
      "SELECT id, secret, account, user_id, active, created FROM iam_access_keys "
      "WHERE user_id IS NULL ORDER BY id";
  user_id ? txn.each(kOfUser, add, *user_id) : txn.each(kOfRoot, add);
  return keys;
}

bool set_access_key_active(Txn& txn, std::string_view id, bool active) {
  return txn.exec("UPDATE iam_access_keys SET active = ? WHERE id = ?", active, id) > 0;
}

bool delete_access_key(Txn& txn, std::string_view id) {
  return txn.exec("DELETE FROM iam_access_keys WHERE id = ?", id) > 0;
}

}  // namespace trainyard::identity
