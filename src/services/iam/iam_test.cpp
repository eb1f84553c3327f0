#include <vector>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "generated/iam/operations.hpp"
#include "identity/identity.hpp"
#include "services/testing.hpp"

namespace trainyard::iam {
namespace {

constexpr const char* kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",)"
    R"("Principal":{"Service":"sagemaker.amazonaws.com"}}]})";
constexpr const char* kAllow =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]})";
constexpr const char* kSageMaker = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess";

class Iam : public ServiceTest {
 protected:
  Iam() : ServiceTest(identity::kMigrations) {
    write([&](Call& call) {
      return identity::ensure_root(call.txn, site.account, random, clock.now()).access_key;
    });
  }
  Role role(const std::string& name, std::optional<std::string> path = {}) {
    CreateRoleInput input{.path = path, .role_name = name, .assume_role_policy_document = kTrust};
    return run(create_role, input).role;
  }
  User user(const std::string& name) { return *run(create_user, {.user_name = name}).user; }

  /// The error's code and text must be these.
  template <class Output, class Input>
  void expect(const char* code, const std::string& text, Output (*handler)(Call&, const Input&),
              const std::type_identity_t<Input>& input) {
    std::string message;
    EXPECT_EQ(error_of([&] { run(handler, input); }, &message), code) << text;
    EXPECT_EQ(message, text);
  }
};

TEST_F(Iam, RolesComeBackAsTheyWereMade) {
  Role made = run(create_role, {.path = "/service-role/",
                                .role_name = "Job",
                                .assume_role_policy_document = kTrust,
                                .description = "for jobs",
                                .max_session_duration = 7200,
                                .tags = std::vector<Tag>{{"team", "a"}}})
                  .role;
  EXPECT_EQ(made.arn, "arn:aws:iam::000000000000:role/service-role/Job");
  EXPECT_TRUE(made.role_id.starts_with("AROA"));
  EXPECT_EQ(made.role_id.size(), 21U);
  Role got = run(get_role, {.role_name = "Job"}).role;
  EXPECT_EQ(got.role_id, made.role_id);
  EXPECT_EQ(got.path, "/service-role/");
  EXPECT_EQ(got.description, "for jobs");
  EXPECT_EQ(got.max_session_duration, 7200);
  EXPECT_EQ(got.create_date, clock.now());
  ASSERT_TRUE(got.tags.has_value());
  EXPECT_EQ(got.tags->at(0).value, "a");
  EXPECT_TRUE(got.assume_role_policy_document->starts_with("%7B%22Version%22%3A"));
  EXPECT_EQ(percent_decode(*got.assume_role_policy_document), kTrust);
  Role plain = role("Plain");
  EXPECT_EQ(plain.arn, "arn:aws:iam::000000000000:role/Plain");
  EXPECT_EQ(plain.max_session_duration, 3600);
}

TEST_F(Iam, RoleRefusals) {
  role("Job");
  user("alice");
  expect("NoSuchEntity", "The role with name alice cannot be found.", get_role,
         {.role_name = "alice"});
  expect("EntityAlreadyExists", "Role with name jOB already exists.", create_role,
         {.role_name = "jOB", .assume_role_policy_document = kTrust});
  expect("MalformedPolicyDocument", "This policy contains invalid Json", create_role,
         {.role_name = "x", .assume_role_policy_document = "trust.json"});
  expect("MalformedPolicyDocument", "Has prohibited field Resource", create_role,
         {.role_name = "x",
          .assume_role_policy_document =
              R"({"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*",
                  "Principal":{"Service":"states.amazonaws.com"}}})"});
  auto trust_in = [](const std::string& arn) {
    return replace_all(kTrust, R"("Service":"sagemaker.amazonaws.com")", R"("AWS":")" + arn + "\"");
  };
  for (const char* arn :
       {"arn:aws:iam::000000000000:role/x", "arn:aws:iam::000000000000:user/bob"}) {
    expect("MalformedPolicyDocument",
           std::string("Invalid principal in policy: \"AWS\":\"") + arn + "\"", create_role,
           {.role_name = "x", .assume_role_policy_document = trust_in(arn)});
  }
  run(update_assume_role_policy,
      {.role_name = "Job", .policy_document = trust_in("arn:aws:iam::000000000000:user/alice")});
  expect("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", create_role,
         {.role_name = "x", .assume_role_policy_document = std::string(2049, 'x')});
  expect("InvalidInput",
         "Duplicate tag keys found. Please note that Tag keys are case insensitive.", create_role,
         {.role_name = "x",
          .assume_role_policy_document = kTrust,
          .tags = std::vector<Tag>{{"a", "1"}, {"A", "2"}}});
  expect("InvalidInput", "Permissions boundaries are not supported here.", create_user,
         {.user_name = "x", .permissions_boundary = kSageMaker});
  EXPECT_EQ(run(list_roles, {}).roles.size(), 1U);
}

TEST_F(Iam, PagesHoldEachRoleOnce) {
  for (int i = 0; i < 7; ++i) role("r" + std::to_string(i), i % 2 ? "/odd/" : "/even/");
  std::vector<std::string> names;
  std::optional<std::string> marker;
  do {
    auto page = run(list_roles, {.marker = marker, .max_items = 3});
    for (const Role& role : page.roles) names.push_back(role.role_name);
    marker = page.marker;
    EXPECT_EQ(page.is_truncated, marker.has_value());
  } while (marker);
  EXPECT_EQ(names, (std::vector<std::string>{"r0", "r1", "r2", "r3", "r4", "r5", "r6"}));
  EXPECT_EQ(run(list_roles, {.path_prefix = "/odd/"}).roles.size(), 3U);
  marker = run(list_roles, {.path_prefix = "/odd/", .max_items = 1}).marker;
  expect("ValidationError", "Invalid Marker.", list_roles, {.marker = marker});
  expect("ValidationError", "Invalid Marker.", list_users, {.marker = "x"});
}

TEST_F(Iam, InlinePolicies) {
  role("Job");
  user("alice");
  run(put_role_policy, {.role_name = "Job", .policy_name = "p", .policy_document = kAllow});
  run(put_role_policy, {.role_name = "Job", .policy_name = "a", .policy_document = kAllow});
  run(put_user_policy, {.user_name = "alice", .policy_name = "u", .policy_document = kAllow});
  EXPECT_EQ(run(list_role_policies, {.role_name = "Job"}).policy_names,
            (std::vector<std::string>{"a", "p"}));
  auto got = run(get_role_policy, {.role_name = "Job", .policy_name = "p"});
  EXPECT_EQ(percent_decode(got.policy_document), kAllow);
  EXPECT_EQ(run(get_user_policy, {.user_name = "alice", .policy_name = "u"}).user_name, "alice");
  auto first = run(list_role_policies, {.role_name = "Job", .max_items = 1});
  EXPECT_EQ(first.policy_names, std::vector<std::string>{"a"});
  EXPECT_EQ(run(list_role_policies, {.role_name = "Job", .marker = first.marker}).policy_names,
            std::vector<std::string>{"p"});
  expect("MalformedPolicyDocument", "Syntax errors in policy.", put_role_policy,
         {.role_name = "Job", .policy_name = "p", .policy_document = "{}x"});
  expect("NoSuchEntity", "The role policy with name u cannot be found.", get_role_policy,
         {.role_name = "Job", .policy_name = "u"});
  expect("NoSuchEntity", "The user policy with name p cannot be found.", delete_user_policy,
         {.user_name = "alice", .policy_name = "p"});
  expect("NoSuchEntity", "The user with name bob cannot be found.", put_user_policy,
         {.user_name = "bob", .policy_name = "p", .policy_document = kAllow});
  std::string filler = R"(,"Id":")" + std::string(2000, 'x') + "\"}";
  std::string large = std::string(kAllow).substr(0, std::string_view(kAllow).size() - 1) + filler;
  expect("LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user alice",
         put_user_policy, {.user_name = "alice", .policy_name = "p", .policy_document = large});
  run(put_role_policy, {.role_name = "Job", .policy_name = "p", .policy_document = large});
}

TEST_F(Iam, DeletesRefuseWhileAnythingHangsOnIt) {
  role("Job");
  run(put_role_policy, {.role_name = "Job", .policy_name = "p", .policy_document = kAllow});
  run(attach_role_policy, {.role_name = "Job", .policy_arn = kSageMaker});
  expect("DeleteConflict", "Cannot delete entity, must detach all policies first.", delete_role,
         {.role_name = "Job"});
  run(detach_role_policy, {.role_name = "Job", .policy_arn = kSageMaker});
  expect("DeleteConflict", "Cannot delete entity, must delete policies first.", delete_role,
         {.role_name = "Job"});
  run(delete_role_policy, {.role_name = "Job", .policy_name = "p"});
  run(delete_role, {.role_name = "Job"});
  expect("NoSuchEntity", "The role with name Job cannot be found.", delete_role,
         {.role_name = "Job"});

  user("alice");
  std::string key = run(create_access_key, {.user_name = "alice"}).access_key.access_key_id;
  expect("DeleteConflict", "Cannot delete entity, must delete access keys first.", delete_user,
         {.user_name = "alice"});
  run(delete_access_key, {.user_name = "alice", .access_key_id = key});
  run(delete_user, {.user_name = "alice"});
  EXPECT_TRUE(run(list_users, {}).users.empty());
}

TEST_F(Iam, CustomerPolicies) {
  role("Job");
  Policy made = *run(create_policy, {.policy_name = "mine",
                                     .path = "/team/",
                                     .policy_document = kAllow,
                                     .description = "d",
                                     .tags = std::vector<Tag>{{"k", "v"}}})
                     .policy;
  EXPECT_EQ(made.arn, "arn:aws:iam::000000000000:policy/team/mine");
  EXPECT_EQ(made.default_version_id, "v1");
  run(attach_role_policy, {.role_name = "Job", .policy_arn = *made.arn});
  Policy got = *run(get_policy, {.policy_arn = *made.arn}).policy;
  EXPECT_EQ(got.attachment_count, 1);
  EXPECT_EQ(got.description, "d");
  auto version = run(get_policy_version, {.policy_arn = *made.arn, .version_id = "v1"});
  EXPECT_EQ(percent_decode(*version.policy_version->document), kAllow);
  expect("NoSuchEntity",
         "Policy arn:aws:iam::000000000000:policy/team/mine version v2 does not exist or is not "
         "attachable.",
         get_policy_version, {.policy_arn = *made.arn, .version_id = "v2"});
  expect("EntityAlreadyExists",
         "A policy called Mine already exists. Duplicate names are not allowed.", create_policy,
         {.policy_name = "Mine", .policy_document = kAllow});
  expect("DeleteConflict", "Cannot delete a policy attached to entities.", delete_policy,
         {.policy_arn = *made.arn});
  run(detach_role_policy, {.role_name = "Job", .policy_arn = *made.arn});
  expect("NoSuchEntity", "Policy arn:aws:iam::000000000000:policy/team/mine was not found.",
         detach_role_policy, {.role_name = "Job", .policy_arn = *made.arn});
  run(delete_policy, {.policy_arn = *made.arn});
  expect("NoSuchEntity", "Policy arn:aws:iam::000000000000:policy/team/mine was not found.",
         get_policy, {.policy_arn = *made.arn});
}

TEST_F(Iam, AwsPolicies) {
  role("Job");
  user("alice");
  Policy policy = *run(get_policy, {.policy_arn = kSageMaker}).policy;
  EXPECT_EQ(policy.default_version_id, "v18");
  EXPECT_EQ(iso8601_seconds(*policy.update_date), "2020-12-01T16:31:19Z");
  for (bool old : {true, false}) {
    auto version = *run(get_policy_version, {.policy_arn = kSageMaker,
                                             .version_id = old ? "v18" : "v29"}).policy_version;
    EXPECT_EQ(version.is_default_version, old);
    EXPECT_EQ(percent_decode(*version.document)->find("AllowPassRoleToSageMaker") ==
                  std::string::npos, old);
  }
  expect("NoSuchEntity",
         std::string("Policy ") + kSageMaker + " version v2 does not exist or is not attachable.",
         get_policy_version, {.policy_arn = kSageMaker, .version_id = "v2"});
  auto first = run(list_policy_versions, {.policy_arn = kSageMaker, .max_items = 1});
  ASSERT_EQ(first.versions->size(), 1U);
  EXPECT_EQ(first.versions->at(0).version_id, "v29");
  EXPECT_FALSE(first.versions->at(0).document.has_value());
  EXPECT_TRUE(*first.is_truncated);
  auto rest = run(list_policy_versions, {.policy_arn = kSageMaker, .marker = first.marker});
  ASSERT_EQ(rest.versions->size(), 1U);
  EXPECT_EQ(rest.versions->at(0).version_id, "v18");
  EXPECT_TRUE(*rest.versions->at(0).is_default_version);
  run(attach_role_policy, {.role_name = "Job", .policy_arn = kSageMaker});
  run(attach_role_policy, {.role_name = "Job", .policy_arn = kSageMaker});  // twice is once
  run(attach_user_policy, {.user_name = "alice", .policy_arn = kSageMaker});
  EXPECT_EQ(run(get_policy, {.policy_arn = kSageMaker}).policy->attachment_count, 2);
  auto attached = run(list_attached_role_policies, {.role_name = "Job"}).attached_policies;
  ASSERT_EQ(attached->size(), 1U);
  EXPECT_EQ(attached->at(0).policy_name, "AmazonSageMakerFullAccess");
  EXPECT_TRUE(run(list_attached_role_policies, {.role_name = "Job", .path_prefix = "/x/"})
                  .attached_policies->empty());
  run(detach_user_policy, {.user_name = "alice", .policy_arn = kSageMaker});
  EXPECT_TRUE(
      run(list_attached_user_policies, {.user_name = "alice"}).attached_policies->empty());
  expect("NoSuchEntity",
         "Policy arn:aws:iam::aws:policy/None does not exist or is not attachable.",
         attach_role_policy, {.role_name = "Job", .policy_arn = "arn:aws:iam::aws:policy/None"});
  expect("InvalidInput", "ARN AmazonSageMakerFullAccess is not valid.", attach_role_policy,
         {.role_name = "Job", .policy_arn = "AmazonSageMakerFullAccess"});
  expect("AccessDenied",
         std::string("User: arn:aws:iam::000000000000:root is not authorized to perform: "
                     "iam:DeletePolicy on resource: policy ") + kSageMaker,
         delete_policy, {.policy_arn = kSageMaker});
}

TEST_F(Iam, ListPoliciesByScopeAndUse) {
  role("Job");
  for (int i = 0; i < 12; ++i) {
    std::string name = "mine" + std::to_string(i);
    run(create_policy, {.policy_name = name, .policy_document = kAllow});
    if (i == 10) break;
    run(attach_role_policy,
        {.role_name = "Job", .policy_arn = "arn:aws:iam::000000000000:policy/" + name});
  }
  expect("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10", attach_role_policy,
         {.role_name = "Job", .policy_arn = kSageMaker});
  auto count = [&](const ListPoliciesInput& input) {
    return run(list_policies, input).policies->size();
  };
  std::size_t aws = count({.scope = "AWS"});
  EXPECT_GE(aws, 2U);
  EXPECT_EQ(count({.scope = "Local"}), 11U);
  EXPECT_EQ(count({.scope = "All"}), aws + 11);
  EXPECT_EQ(count({.only_attached = true}), 10U);
  EXPECT_EQ(count({.policy_usage_filter = "PermissionsBoundary"}), 0U);
  std::size_t seen = 0;
  std::optional<std::string> marker;
  do {
    auto page = run(list_policies, {.marker = marker, .max_items = 4});
    seen += page.policies->size();
    marker = page.marker;
  } while (marker);
  EXPECT_EQ(seen, aws + 11);
}

TEST_F(Iam, AccessKeys) {
  user("alice");
  AccessKey key = run(create_access_key, {.user_name = "alice"}).access_key;
  EXPECT_EQ(key.user_name, "alice");
  EXPECT_EQ(key.status, "Active");
  EXPECT_EQ(key.secret_access_key.size(), 40U);
  auto credential = [&] {
    return read([&](Call& call) {
      return identity::find_credential(call.txn, key.access_key_id);
    });
  };
  EXPECT_EQ(credential().value().secret, key.secret_access_key);
  run(create_access_key, {.user_name = "alice"});
  expect("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", create_access_key,
         {.user_name = "alice"});
  run(update_access_key,
      {.user_name = "alice", .access_key_id = key.access_key_id, .status = "Inactive"});
  EXPECT_FALSE(credential().has_value());
  auto listed = run(list_access_keys, {.user_name = "alice"}).access_key_metadata;
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_NE(listed[0].status, listed[1].status);
  expect("NoSuchEntity", "The Access Key with id AKIANONE00000000 cannot be found.",
         delete_access_key, {.user_name = "alice", .access_key_id = "AKIANONE00000000"});
}

TEST_F(Iam, WithoutAUserNameTheCallerIsMeant) {
  std::string own = run(list_access_keys, {}).access_key_metadata.at(0).access_key_id.value();
  expect("UnmodifiableEntity",
         "The last active access key of the root user cannot be deactivated or deleted.",
         delete_access_key, {.access_key_id = own});
  EXPECT_EQ(run(get_user, {}).user.arn, "arn:aws:iam::000000000000:root");
  AccessKey second = run(create_access_key, {}).access_key;
  run(update_access_key, {.access_key_id = own, .status = "Inactive"});
  expect("UnmodifiableEntity",
         "The last active access key of the root user cannot be deactivated or deleted.",
         update_access_key, {.access_key_id = second.access_key_id, .status = "Inactive"});

  User alice = user("alice");
  caller.kind = PrincipalKind::user;
  caller.name = "alice";
  caller.arn = alice.arn;
  caller.user_id = alice.user_id;
  EXPECT_EQ(run(get_user, {}).user.user_name, "alice");
  EXPECT_EQ(run(create_access_key, {}).access_key.user_name, "alice");
  caller.kind = PrincipalKind::assumed_role;
  expect("ValidationError", "Must specify userName when calling with non-User credentials",
         get_user, {});
}

TEST_F(Iam, ADeletedNameInheritsNothing) {
  Role first = role("Job");
  run(delete_role, {.role_name = "Job"});
  Role second = role("Job");
  EXPECT_NE(first.role_id, second.role_id);
  EXPECT_EQ(first.arn, second.arn);
}

}  // namespace
}  // namespace trainyard::iam
