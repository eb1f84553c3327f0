// The tables of users and of their access keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/tags.hpp"
#include "store/txn.hpp"

namespace trainyard::identity {

struct User {
  std::string name;
  std::string path = "/";
  std::string arn;
  std::string id;  // AIDA…
  std::vector<Tag> tags;
  Time created;
};

/// Whether a user has this name in any spelling of case.
bool user_name_taken(Txn& txn, std::string_view name);
void insert_user(Txn& txn, const User& user);
std::optional<User> find_user(Txn& txn, std::string_view name);
bool user_arn_exists(Txn& txn, std::string_view arn);
/// Up to `limit` users below `path_prefix` whose names follow `after`, by name.
std::vector<User> list_users(Txn& txn, std::string_view path_prefix, std::string_view after,
                             int64_t limit);
int64_t count_users(Txn& txn);
/// The user alone; keys and policies are the caller's business.
void delete_user(Txn& txn, const User& user);

struct AccessKey {
  std::string id;  // AKIA…
  std::string secret;
  std::string account;
  std::optional<std::string> user_id;  // nullopt: the account's root
  bool active = true;
  Time created;
};

void insert_access_key(Txn& txn, const AccessKey& key);
/// The keys of a user, of root for nullopt, by id.
std::vector<AccessKey> list_access_keys(Txn& txn, const std::optional<std::string>& user_id);
/// False when there is no such key.
bool set_access_key_active(Txn& txn, std::string_view id, bool active);
bool delete_access_key(Txn& txn, std::string_view id);

}  // namespace trainyard::identity
