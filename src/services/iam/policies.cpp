// Managed policies. The customer's have one version, v1; AWS's are read only, some in several.
#include <fmt/format.h>

#include "identity/keys.hpp"
#include "identity/managed.hpp"
#include "services/iam/common.hpp"

namespace trainyard::iam {
namespace {

// IAM User Guide, "IAM and AWS STS quotas".
constexpr std::size_t kPolicySizeMax = 6144;
constexpr int64_t kPoliciesMax = 1500;

bool is_aws(std::string_view arn) { return arn.starts_with("arn:aws:iam::aws:"); }

identity::Policy require_policy(Txn& txn, const std::string& arn) {
  if (auto policy = identity::find_policy(txn, arn)) return *policy;
  throw errors::no_such_entity_exception(fmt::format("Policy {} was not found.", arn));
}

Policy describe(const identity::Policy& policy) {
  Policy out;
  out.policy_name = policy.name;
  out.policy_id = policy.id;
  out.arn = policy.arn;
  out.path = policy.path;
  out.default_version_id = policy.version;
  out.attachment_count = static_cast<int32_t>(policy.attachments);
  out.permissions_boundary_usage_count = 0;
  out.is_attachable = true;
  out.create_date = policy.created;
  out.update_date = policy.updated;
  return out;
}

struct Version {
  std::size_t place = 0;  // 0 is the newest
  std::string id;
  std::string document;
  bool is_default = true;
  Time created;
};

/// The newest first.
std::vector<Version> versions_of(const identity::Policy& policy) {
  const identity::ManagedPolicy* managed = identity::find_managed_policy(policy.arn);
  if (managed == nullptr) return {{0, policy.version, policy.document, true, policy.updated}};
  std::vector<Version> versions;
  for (const auto& one : managed->versions) {
    versions.push_back({versions.size(), one.version, one.document,
                        one.version == policy.version, one.created});
  }
  return versions;
}

/// Sorts as text does.
std::string place_of(const Version& version) { return fmt::format("{:04}", version.place); }

/// Without the document, which a listing does not show.
PolicyVersion describe(const Version& version) {
  PolicyVersion out;
  out.version_id = version.id;
  out.is_default_version = version.is_default;
  out.create_date = version.created;
  return out;
}

/// By name, AWS's before the customer's.
std::string key_of(const identity::Policy& policy) {
  return policy.name + (is_aws(policy.arn) ? " 0" : " 1");
}

}  // namespace

CreatePolicyOutput create_policy(Call& call, const CreatePolicyInput& input) {
  check_identity_document(input.policy_document);
  if (policy::size_without_space(input.policy_document) > kPolicySizeMax) {
    throw errors::limit_exceeded_exception(
        fmt::format("Cannot exceed quota for PolicySize: {}", kPolicySizeMax));
  }
  if (identity::policy_name_taken(call.txn, input.policy_name)) {
    throw errors::entity_already_exists_exception(fmt::format(
        "A policy called {} already exists. Duplicate names are not allowed.", input.policy_name));
  }
  if (identity::count_policies(call.txn) >= kPoliciesMax) {
    throw errors::limit_exceeded_exception(
        fmt::format("Cannot exceed quota for PoliciesPerAccount: {}", kPoliciesMax));
  }
  identity::Policy policy;
  policy.name = input.policy_name;
  policy.path = path_of(input.path);
  policy.arn = arn_of(call, "policy", policy.path, policy.name);
  policy.id = "ANPA" + call.random.base32(identity::kEntityIdLength);
  policy.document = input.policy_document;
  policy.description = input.description;
  policy.tags = tags_of(input.tags);
  policy.created = policy.updated = call.now;
  identity::insert_policy(call.txn, policy);
  CreatePolicyOutput output{describe(policy)};
  output.policy->tags = tags_of(policy.tags);
  return output;
}

GetPolicyOutput get_policy(Call& call, const GetPolicyInput& input) {
  identity::Policy policy = require_policy(call.txn, input.policy_arn);
  GetPolicyOutput output{describe(policy)};
  output.policy->description = policy.description;
  output.policy->tags = tags_of(policy.tags);
  return output;
}

GetPolicyVersionOutput get_policy_version(Call& call, const GetPolicyVersionInput& input) {
  identity::Policy policy = require_policy(call.txn, input.policy_arn);
  for (const Version& version : versions_of(policy)) {
    if (version.id != input.version_id) continue;
    GetPolicyVersionOutput output{describe(version)};
    output.policy_version->document = encoded_document(version.document);
    return output;
  }
  throw errors::no_such_entity_exception(fmt::format(
      "Policy {} version {} does not exist or is not attachable.", policy.arn, input.version_id));
}

ListPolicyVersionsOutput list_policy_versions(Call& call, const ListPolicyVersionsInput& input) {
  identity::Policy policy = require_policy(call.txn, input.policy_arn);
  Page page = page_of("ListPolicyVersions", policy.arn, input.marker, input.max_items);
  ListPolicyVersionsOutput output;
  output.versions.emplace();
  for (const Version& version : cut(page, versions_of(policy), place_of, output)) {
    output.versions->push_back(describe(version));
  }
  return output;
}

ListPoliciesOutput list_policies(Call& call, const ListPoliciesInput& input) {
  std::string scope = input.scope.value_or("All");
  std::string prefix = input.path_prefix.value_or("/");
  bool only_attached = input.only_attached.value_or(false);
  bool boundaries = input.policy_usage_filter == "PermissionsBoundary";  // there are none
  std::string filter = fmt::format("{} {} {} {}", scope, prefix, only_attached, boundaries);
  Page page = page_of("ListPolicies", filter, input.marker, input.max_items);
  std::vector<identity::Policy> all;
  auto add = [&](std::vector<identity::Policy> some) {
    std::copy_if(some.begin(), some.end(), std::back_inserter(all),
                 [&](const auto& policy) { return !only_attached || policy.attachments > 0; });
  };
  if (scope != "Local" && !boundaries) add(identity::list_aws_policies(call.txn, prefix));
  if (scope != "AWS" && !boundaries) add(identity::list_customer_policies(call.txn, prefix));
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return key_of(a) < key_of(b); });
  ListPoliciesOutput output;
  output.policies.emplace();
  for (const auto& policy : cut(page, std::move(all), key_of, output)) {
    output.policies->push_back(describe(policy));
  }
  return output;
}

DeletePolicyOutput delete_policy(Call& call, const DeletePolicyInput& input) {
  identity::Policy policy = require_policy(call.txn, input.policy_arn);
  if (is_aws(policy.arn)) {
    throw ApiError("AccessDenied", 403,
                   fmt::format("User: {} is not authorized to perform: iam:DeletePolicy on "
                               "resource: policy {}",
                               call.caller.arn, policy.arn));
  }
  if (policy.attachments > 0) {
    throw errors::delete_conflict_exception("Cannot delete a policy attached to entities.");
  }
  identity::delete_policy(call.txn, policy.arn);
  return {};
}

}  // namespace trainyard::iam
