// Users and their access keys. Where a request names no user, its caller is meant.
#include <fmt/format.h>

#include "identity/keys.hpp"
#include "services/iam/common.hpp"

namespace trainyard::iam {
namespace {

// IAM User Guide, "IAM and AWS STS quotas".
constexpr int64_t kUsersMax = 5000;
constexpr std::size_t kKeysMax = 2;

User describe(const identity::User& user) {
  User out;
  out.path = user.path;
  out.user_name = user.name;
  out.user_id = user.id;
  out.arn = user.arn;
  out.create_date = user.created;
  out.tags = tags_of(user.tags);
  return out;
}

/// Whose keys a request means: a user's, or root's own.
struct KeyOwner {
  std::optional<std::string> user_id;  // nullopt: root
  std::string name;                    // "" for root
};

void require_user_credentials(const Call& call) {
  if (call.caller.kind != PrincipalKind::assumed_role) return;
  throw ApiError("ValidationError", 400,
                 "Must specify userName when calling with non-User credentials");
}

KeyOwner key_owner(const Call& call, const std::optional<std::string>& user_name) {
  if (user_name) {
    identity::User user = require_user(call.txn, *user_name);
    return {user.id, user.name};
  }
  require_user_credentials(call);
  if (call.caller.kind == PrincipalKind::user) return {call.caller.user_id, call.caller.name};
  return {std::nullopt, ""};
}

identity::AccessKey require_key(const Call& call, const KeyOwner& owner, const std::string& id) {
  for (identity::AccessKey& key : identity::list_access_keys(call.txn, owner.user_id)) {
    if (key.id == id) return key;
  }
  throw errors::no_such_entity_exception(
      fmt::format("The Access Key with id {} cannot be found.", id));
}

/// Without a key of root nobody could sign, and the keys that the daemon hands out are root's.
void keep_root_able(const Call& call, const KeyOwner& owner, const std::string& id) {
  if (owner.user_id) return;
  for (const identity::AccessKey& key : identity::list_access_keys(call.txn, std::nullopt)) {
    if (key.active && key.id != id) return;
  }
  throw errors::unmodifiable_entity_exception(
      "The last active access key of the root user cannot be deactivated or deleted.");
}

std::string status_of(const identity::AccessKey& key) { return key.active ? "Active" : "Inactive"; }

}  // namespace

CreateUserOutput create_user(Call& call, const CreateUserInput& input) {
  refuse_boundary(input.permissions_boundary);
  if (identity::user_name_taken(call.txn, input.user_name)) {
    throw errors::entity_already_exists_exception(
        fmt::format("User with name {} already exists.", input.user_name));
  }
  if (identity::count_users(call.txn) >= kUsersMax) {
    throw errors::limit_exceeded_exception(
        fmt::format("Cannot exceed quota for UsersPerAccount: {}", kUsersMax));
  }
  identity::User user;
  user.name = input.user_name;
  user.path = path_of(input.path);
  user.arn = arn_of(call, "user", user.path, user.name);
  user.id = "AIDA" + call.random.base32(identity::kEntityIdLength);
  user.tags = tags_of(input.tags);
  user.created = call.now;
  identity::insert_user(call.txn, user);
  return {describe(user)};
}

GetUserOutput get_user(Call& call, const GetUserInput& input) {
  if (input.user_name) return {describe(require_user(call.txn, *input.user_name))};
  require_user_credentials(call);
  if (call.caller.kind == PrincipalKind::user) {
    return {describe(require_user(call.txn, call.caller.name))};
  }
  User root;  // has neither name nor path
  root.user_id = call.caller.account;
  root.arn = call.caller.arn;
  for (const identity::AccessKey& key : identity::list_access_keys(call.txn, std::nullopt)) {
    bool first = root.create_date == Time() || key.created < root.create_date;
    if (first) root.create_date = key.created;
  }
  return {root};
}

ListUsersOutput list_users(Call& call, const ListUsersInput& input) {
  std::string prefix = input.path_prefix.value_or("/");
  Page page = page_of("ListUsers", prefix, input.marker, input.max_items);
  auto users = identity::list_users(call.txn, prefix, page.after,
                                    static_cast<int64_t>(page.max) + 1);
  ListUsersOutput output;
  auto name = [](const identity::User& user) { return user.name; };
  for (const identity::User& user : cut(page, std::move(users), name, output)) {
    output.users.push_back(describe(user));
    output.users.back().tags.reset();  // ListUsers leaves them to GetUser
  }
  return output;
}

DeleteUserOutput delete_user(Call& call, const DeleteUserInput& input) {
  identity::User user = require_user(call.txn, input.user_name);
  if (!identity::list_attached_policies(call.txn, user.id).empty()) {
    throw errors::delete_conflict_exception(
        "Cannot delete entity, must detach all policies first.");
  }
  if (!identity::list_inline_policies(call.txn, user.id).empty()) {
    throw errors::delete_conflict_exception("Cannot delete entity, must delete policies first.");
  }
  if (!identity::list_access_keys(call.txn, user.id).empty()) {
    throw errors::delete_conflict_exception("Cannot delete entity, must delete access keys first.");
  }
  identity::delete_user(call.txn, user);
  return {};
}

CreateAccessKeyOutput create_access_key(Call& call, const CreateAccessKeyInput& input) {
  KeyOwner owner = key_owner(call, input.user_name);
  if (identity::list_access_keys(call.txn, owner.user_id).size() >= kKeysMax) {
    throw errors::limit_exceeded_exception(
        fmt::format("Cannot exceed quota for AccessKeysPerUser: {}", kKeysMax));
  }
  identity::AccessKey key;
  key.id = "AKIA" + call.random.base32(identity::kKeyIdLength);
  key.secret = identity::new_secret(call.random);
  key.account = call.site.account;
  key.user_id = owner.user_id;
  key.created = call.now;
  identity::insert_access_key(call.txn, key);
  CreateAccessKeyOutput output;
  output.access_key = {owner.name, key.id, status_of(key), key.secret, key.created};
  return output;
}

ListAccessKeysOutput list_access_keys(Call& call, const ListAccessKeysInput& input) {
  KeyOwner owner = key_owner(call, input.user_name);
  Page page = page_of("ListAccessKeys", owner.name, input.marker, input.max_items);
  ListAccessKeysOutput output;
  auto id = [](const identity::AccessKey& key) { return key.id; };
  auto keys = identity::list_access_keys(call.txn, owner.user_id);
  for (const identity::AccessKey& key : cut(page, std::move(keys), id, output)) {
    AccessKeyMetadata shown;
    if (!owner.name.empty()) shown.user_name = owner.name;
    shown.access_key_id = key.id;
    shown.status = status_of(key);
    shown.create_date = key.created;
    output.access_key_metadata.push_back(std::move(shown));
  }
  return output;
}

UpdateAccessKeyOutput update_access_key(Call& call, const UpdateAccessKeyInput& input) {
  KeyOwner owner = key_owner(call, input.user_name);
  identity::AccessKey key = require_key(call, owner, input.access_key_id);
  bool active = input.status == "Active";
  if (!active) keep_root_able(call, owner, key.id);
  identity::set_access_key_active(call.txn, key.id, active);
  return {};
}

DeleteAccessKeyOutput delete_access_key(Call& call, const DeleteAccessKeyInput& input) {
  KeyOwner owner = key_owner(call, input.user_name);
  identity::AccessKey key = require_key(call, owner, input.access_key_id);
  keep_root_able(call, owner, key.id);
  identity::delete_access_key(call.txn, key.id);
  return {};
}

}  // namespace trainyard::iam
