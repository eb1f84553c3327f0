// Roles: who may assume them is their trust policy; what they may do is in policies.cpp and
// holders.cpp.
#include <fmt/format.h>

#include "base/arn.hpp"
#include "identity/keys.hpp"
#include "services/iam/common.hpp"

namespace trainyard::iam {
namespace {

// IAM User Guide, "IAM and AWS STS quotas".
constexpr std::size_t kTrustSizeMax = 2048;
constexpr int64_t kRolesMax = 1000;
constexpr int32_t kSessionDefault = 3600;  // seconds

/// A principal of this account must exist: a name in a policy is otherwise a promise to whoever
/// takes it first.
void check_principal_exists(const Call& call, const std::string& name) {
  auto arn = parse_arn(name);
  if (!arn || arn->service != "iam" || arn->account != call.site.account) return;
  bool known = true;
  if (arn->resource.starts_with("user/")) known = identity::user_arn_exists(call.txn, name);
  if (arn->resource.starts_with("role/")) {
    known = identity::find_role_by_arn(call.txn, name).has_value();
  }
  if (known) return;
  throw errors::malformed_policy_document_exception(
      fmt::format("Invalid principal in policy: \"AWS\":\"{}\"", name));
}

void check_trust(const Call& call, const std::string& document) {
  if (policy::size_without_space(document) > kTrustSizeMax) {
    throw errors::limit_exceeded_exception(
        fmt::format("Cannot exceed quota for ACLSizePerRole: {}", kTrustSizeMax));
  }
  std::string error;
  auto parsed = policy::parse_document(document, policy::Kind::trust, &error);
  if (!parsed) throw errors::malformed_policy_document_exception(error);
  for (const policy::Statement& statement : parsed->statements) {
    for (const std::string& name : statement.principals->aws) check_principal_exists(call, name);
  }
}

Role describe(const identity::Role& role) {
  Role out;
  out.path = role.path;
  out.role_name = role.name;
  out.role_id = role.id;
  out.arn = role.arn;
  out.create_date = role.created;
  out.assume_role_policy_document = encoded_document(role.trust);
  out.description = role.description;
  out.max_session_duration = static_cast<int32_t>(role.session_max);
  out.tags = tags_of(role.tags);
  return out;
}

}  // namespace

CreateRoleOutput create_role(Call& call, const CreateRoleInput& input) {
  refuse_boundary(input.permissions_boundary);
  check_trust(call, input.assume_role_policy_document);
  if (identity::role_name_taken(call.txn, input.role_name)) {
    throw errors::entity_already_exists_exception(
        fmt::format("Role with name {} already exists.", input.role_name));
  }
  if (identity::count_roles(call.txn) >= kRolesMax) {
    throw errors::limit_exceeded_exception(
        fmt::format("Cannot exceed quota for RolesPerAccount: {}", kRolesMax));
  }
  identity::Role role;
  role.name = input.role_name;
  role.path = path_of(input.path);
  role.arn = arn_of(call, "role", role.path, role.name);
  role.id = "AROA" + call.random.base32(identity::kEntityIdLength);
  role.trust = input.assume_role_policy_document;
  role.description = input.description;
  role.session_max = input.max_session_duration.value_or(kSessionDefault);
  role.tags = tags_of(input.tags);
  role.created = call.now;
  identity::insert_role(call.txn, role);
  return {describe(role)};
}

GetRoleOutput get_role(Call& call, const GetRoleInput& input) {
  GetRoleOutput output{describe(require_role(call.txn, input.role_name))};
  output.role.role_last_used = RoleLastUsed{};
  return output;
}

ListRolesOutput list_roles(Call& call, const ListRolesInput& input) {
  std::string prefix = input.path_prefix.value_or("/");
  Page page = page_of("ListRoles", prefix, input.marker, input.max_items);
  auto roles = identity::list_roles(call.txn, prefix, page.after,
                                    static_cast<int64_t>(page.max) + 1);
  ListRolesOutput output;
  auto name = [](const identity::Role& role) { return role.name; };
  for (const identity::Role& role : cut(page, std::move(roles), name, output)) {
    output.roles.push_back(describe(role));
    output.roles.back().tags.reset();  // ListRoles leaves them to GetRole
  }
  return output;
}

DeleteRoleOutput delete_role(Call& call, const DeleteRoleInput& input) {
  identity::Role role = require_role(call.txn, input.role_name);
  if (!identity::list_attached_policies(call.txn, role.id).empty()) {
    throw errors::delete_conflict_exception(
        "Cannot delete entity, must detach all policies first.");
  }
  if (!identity::list_inline_policies(call.txn, role.id).empty()) {
    throw errors::delete_conflict_exception("Cannot delete entity, must delete policies first.");
  }
  identity::delete_role(call.txn, role);
  return {};
}

UpdateAssumeRolePolicyOutput update_assume_role_policy(Call& call,
                                                       const UpdateAssumeRolePolicyInput& input) {
  identity::Role role = require_role(call.txn, input.role_name);
  check_trust(call, input.policy_document);
  identity::set_role_trust(call.txn, role.name, input.policy_document);
  return {};
}

}  // namespace trainyard::iam
