// Inline and attached policies, of roles and of users alike.
#include <fmt/format.h>

#include "base/arn.hpp"
#include "services/iam/common.hpp"

namespace trainyard::iam {
namespace {

constexpr std::size_t kAttachedMax = 10;  // IAM User Guide, "IAM and AWS STS quotas"

void put_inline(Call& call, const Holder& holder, const std::string& name,
                const std::string& document) {
  check_identity_document(document);
  std::size_t size = policy::size_without_space(document);
  for (const auto& other : identity::list_inline_policies(call.txn, holder.id)) {
    if (other.name != name) size += policy::size_without_space(other.document);
  }
  if (size > holder.inline_size_max) {
    throw errors::limit_exceeded_exception(
        fmt::format("Maximum policy size of {} bytes exceeded for {} {}", holder.inline_size_max,
                    holder.kind, holder.name));
  }
  identity::put_inline_policy(call.txn, holder.id, {name, document});
}

ApiError no_such_inline(const Holder& holder, const std::string& name) {
  return errors::no_such_entity_exception(
      fmt::format("The {} policy with name {} cannot be found.", holder.kind, name));
}

/// RoleName or UserName, PolicyName, PolicyDocument.
template <class Output>
Output get_inline(Call& call, const Holder& holder, std::string Output::*holder_name,
                  const std::string& name) {
  auto found = identity::find_inline_policy(call.txn, holder.id, name);
  if (!found) throw no_such_inline(holder, name);
  Output output;
  output.*holder_name = holder.name;
  output.policy_name = found->name;
  output.policy_document = encoded_document(found->document);
  return output;
}

template <class Output, class Input>
Output list_inline(Call& call, const Holder& holder, const Input& input) {
  std::string filter = fmt::format("{} {}", holder.kind, holder.name);
  Page page = page_of("ListInlinePolicies", filter, input.marker, input.max_items);
  Output output;
  auto name = [](const identity::InlinePolicy& policy) { return policy.name; };
  auto all = identity::list_inline_policies(call.txn, holder.id);
  for (const auto& policy : cut(page, std::move(all), name, output)) {
    output.policy_names.push_back(policy.name);
  }
  return output;
}

void delete_inline(Call& call, const Holder& holder, const std::string& name) {
  if (!identity::delete_inline_policy(call.txn, holder.id, name)) {
    throw no_such_inline(holder, name);
  }
}

void check_policy_arn(const std::string& text) {
  auto arn = parse_arn(text);
  if (arn && arn->service == "iam" && arn->resource.starts_with("policy/")) return;
  throw errors::invalid_input_exception(fmt::format("ARN {} is not valid.", text));
}

void attach(Call& call, const Holder& holder, const std::string& arn) {
  check_policy_arn(arn);
  if (!identity::find_policy(call.txn, arn)) {
    throw errors::no_such_entity_exception(
        fmt::format("Policy {} does not exist or is not attachable.", arn));
  }
  auto attached = identity::list_attached_policies(call.txn, holder.id);
  if (std::find(attached.begin(), attached.end(), arn) != attached.end()) return;
  if (attached.size() >= kAttachedMax) {
    throw errors::limit_exceeded_exception(
        fmt::format("Cannot exceed quota for {}: {}", holder.quota, kAttachedMax));
  }
  identity::attach_policy(call.txn, holder.id, arn);
}

void detach(Call& call, const Holder& holder, const std::string& arn) {
  check_policy_arn(arn);
  if (identity::detach_policy(call.txn, holder.id, arn)) return;
  throw errors::no_such_entity_exception(fmt::format("Policy {} was not found.", arn));
}

/// By name, AWS's before the customer's: what a marker holds, which an ARN would be too long for.
std::string attached_key(const AttachedPolicy& policy) {
  bool aws = policy.policy_arn->starts_with("arn:aws:iam::aws:");
  return *policy.policy_name + (aws ? " 0" : " 1");
}

template <class Output, class Input>
Output list_attached(Call& call, const Holder& holder, const Input& input) {
  std::string prefix = input.path_prefix.value_or("/");
  std::string filter = fmt::format("{} {} {}", holder.kind, holder.name, prefix);
  Page page = page_of("ListAttachedPolicies", filter, input.marker, input.max_items);
  std::vector<AttachedPolicy> all;
  for (const std::string& arn : identity::list_attached_policies(call.txn, holder.id)) {
    auto policy = identity::find_policy(call.txn, arn);
    if (policy && policy->path.starts_with(prefix)) all.push_back({policy->name, arn});
  }
  std::sort(all.begin(), all.end(), [](const AttachedPolicy& a, const AttachedPolicy& b) {
    return attached_key(a) < attached_key(b);
  });
  Output output;
  output.attached_policies = cut(page, std::move(all), attached_key, output);
  return output;
}

}  // namespace

PutRolePolicyOutput put_role_policy(Call& call, const PutRolePolicyInput& input) {
  put_inline(call, role_holder(call.txn, input.role_name), input.policy_name,
             input.policy_document);
  return {};
}

GetRolePolicyOutput get_role_policy(Call& call, const GetRolePolicyInput& input) {
  return get_inline(call, role_holder(call.txn, input.role_name), &GetRolePolicyOutput::role_name,
                    input.policy_name);
}

ListRolePoliciesOutput list_role_policies(Call& call, const ListRolePoliciesInput& input) {
  return list_inline<ListRolePoliciesOutput>(call, role_holder(call.txn, input.role_name), input);
}

DeleteRolePolicyOutput delete_role_policy(Call& call, const DeleteRolePolicyInput& input) {
  delete_inline(call, role_holder(call.txn, input.role_name), input.policy_name);
  return {};
}

AttachRolePolicyOutput attach_role_policy(Call& call, const AttachRolePolicyInput& input) {
  attach(call, role_holder(call.txn, input.role_name), input.policy_arn);
  return {};
}

DetachRolePolicyOutput detach_role_policy(Call& call, const DetachRolePolicyInput& input) {
  detach(call, role_holder(call.txn, input.role_name), input.policy_arn);
  return {};
}

ListAttachedRolePoliciesOutput list_attached_role_policies(
    Call& call, const ListAttachedRolePoliciesInput& input) {
  return list_attached<ListAttachedRolePoliciesOutput>(
      call, role_holder(call.txn, input.role_name), input);
}

PutUserPolicyOutput put_user_policy(Call& call, const PutUserPolicyInput& input) {
  put_inline(call, user_holder(call.txn, input.user_name), input.policy_name,
             input.policy_document);
  return {};
}

GetUserPolicyOutput get_user_policy(Call& call, const GetUserPolicyInput& input) {
  return get_inline(call, user_holder(call.txn, input.user_name), &GetUserPolicyOutput::user_name,
                    input.policy_name);
}

ListUserPoliciesOutput list_user_policies(Call& call, const ListUserPoliciesInput& input) {
  return list_inline<ListUserPoliciesOutput>(call, user_holder(call.txn, input.user_name), input);
}

DeleteUserPolicyOutput delete_user_policy(Call& call, const DeleteUserPolicyInput& input) {
  delete_inline(call, user_holder(call.txn, input.user_name), input.policy_name);
  return {};
}

AttachUserPolicyOutput attach_user_policy(Call& call, const AttachUserPolicyInput& input) {
  attach(call, user_holder(call.txn, input.user_name), input.policy_arn);
  return {};
}

DetachUserPolicyOutput detach_user_policy(Call& call, const DetachUserPolicyInput& input) {
  detach(call, user_holder(call.txn, input.user_name), input.policy_arn);
  return {};
}

ListAttachedUserPoliciesOutput list_attached_user_policies(
    Call& call, const ListAttachedUserPoliciesInput& input) {
  return list_attached<ListAttachedUserPoliciesOutput>(
      call, user_holder(call.txn, input.user_name), input);
}

}  // namespace trainyard::iam
