#include "base/json.hpp"
#include "generated/sts/operations.hpp"
#include "identity/identity.hpp"
#include "identity/policies.hpp"
#include "identity/roles.hpp"
#include "identity/users.hpp"
#include "services/testing.hpp"

namespace trainyard::sts {
namespace {

constexpr const char* kRole = "arn:aws:iam::000000000000:role/team/Target";
constexpr const char* kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",)"
    R"("Principal":{"AWS":["arn:aws:iam::000000000000:user/alice","arn:aws:iam::000000000000:role/team/Target"]}}]})";

class Sts : public ServiceTest {
 protected:
  Sts() : ServiceTest(identity::kMigrations) {
    identity::Role role;
    role.name = "Target";
    role.path = "/team/";
    role.arn = kRole;
    role.id = "AROATARGET";
    role.trust = kTrust;
    role.session_max = 7200;
    identity::User alice;
    alice.name = "alice";
    alice.arn = "arn:aws:iam::000000000000:user/alice";
    alice.id = "AIDAALICE";
    write([&](Call& call) {
      identity::insert_role(call.txn, role);
      identity::insert_user(call.txn, alice);
    });
    root = caller;
    caller.kind = PrincipalKind::user;
    caller.name = "alice";
    caller.arn = alice.arn;
    caller.user_id = alice.id;
  }
  std::string refusal(const AssumeRoleInput& input, std::string* code = nullptr) {
    std::string message;
    std::string found = error_of([&] { run(assume_role, input); }, &message);
    if (code) *code = found;
    return message;
  }
  Caller root;
};

TEST_F(Sts, CallerIdentityIsTheCallers) {
  auto identity = run(get_caller_identity, {});
  EXPECT_EQ(identity.arn, "arn:aws:iam::000000000000:user/alice");
  EXPECT_EQ(identity.user_id, "AIDAALICE");
  EXPECT_EQ(identity.account, "000000000000");
}

TEST_F(Sts, AssumedRolesHaveKeysAndNames) {
  auto output = run(assume_role, {.role_arn = kRole, .role_session_name = "run-1"});
  EXPECT_EQ(output.assumed_role_user->arn,
            "arn:aws:sts::000000000000:assumed-role/Target/run-1");
  EXPECT_EQ(output.assumed_role_user->assumed_role_id, "AROATARGET:run-1");
  EXPECT_EQ(output.credentials->expiration, clock.now() + std::chrono::hours(1));
  EXPECT_FALSE(output.packed_policy_size.has_value());
  auto found = read([&](Call& call) {
    return identity::find_credential(call.txn, output.credentials->access_key_id);
  });
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->secret, output.credentials->secret_access_key);
  EXPECT_EQ(found->session_token, output.credentials->session_token);
  EXPECT_EQ(found->caller.role_arn, kRole);
}

TEST_F(Sts, Refusals) {
  std::string code;
  Caller alice = caller;
  caller = root;
  EXPECT_EQ(refusal({.role_arn = kRole, .role_session_name = "s1"}, &code),
            "Roles may not be assumed by root accounts.");
  EXPECT_EQ(code, "AccessDenied");
  caller = alice;
  caller.arn = "arn:aws:iam::000000000000:user/bob";
  EXPECT_EQ(refusal({.role_arn = kRole, .role_session_name = "s1"}, &code),
            std::string("User: arn:aws:iam::000000000000:user/bob is not authorized to perform: "
                        "sts:AssumeRole on resource: ") + kRole);
  EXPECT_EQ(code, "AccessDenied");
  caller = alice;
  EXPECT_EQ(
      refusal({.role_arn = kRole, .role_session_name = "s1", .duration_seconds = 7201}, &code),
      "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  EXPECT_EQ(code, "ValidationError");
  run(assume_role, {.role_arn = kRole, .role_session_name = "s1", .duration_seconds = 7200});
  EXPECT_EQ(refusal({.role_arn = kRole, .role_session_name = "s1", .policy = "{}"}, &code),
            "Policy document must be version 2012-10-17 or greater.");
  EXPECT_EQ(code, "MalformedPolicyDocument");
  EXPECT_EQ(refusal({.role_arn = kRole, .role_session_name = "s1", .source_identity = "x"}),
            "SourceIdentity is not supported here.");
}

TEST_F(Sts, ChainedSessionsLastAnHour) {
  caller.kind = PrincipalKind::assumed_role;
  caller.arn = "arn:aws:sts::000000000000:assumed-role/Target/s1";
  caller.role_arn = kRole;
  caller.user_id = "AROATARGET:s1";
  run(assume_role, {.role_arn = kRole, .role_session_name = "s2", .duration_seconds = 3600});
  EXPECT_EQ(refusal({.role_arn = kRole, .role_session_name = "s2", .duration_seconds = 3601}),
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
            "role chaining");
}

TEST_F(Sts, SessionPoliciesLimitTheSession) {
  write([&](Call& call) {
    identity::put_inline_policy(
        call.txn, "AROATARGET",
        {"all", R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})"});
  });
  AssumeRoleInput input{.role_arn = kRole, .role_session_name = "s1"};
  auto may = [&](std::string_view action) {
    auto output = run(assume_role, input);
    return read([&](Call& call) {
      auto session = identity::find_credential(call.txn, output.credentials->access_key_id);
      try {
        identity::authorise(call.txn, session->caller, {action, "*"}, clock.now());
        return true;
      } catch (const ApiError&) {
        return false;
      }
    });
  };
  EXPECT_TRUE(may("iam:CreateUser"));
  input.policy = R"({"Version":"2012-10-17","Statement":{"Sid":"A","Effect":"Allow","Action":"s3:*","Resource":"*"}})";
  EXPECT_TRUE(may("s3:GetObject"));
  EXPECT_FALSE(may("states:StartExecution"));
  input.policy_arns = std::vector<PolicyDescriptorType>{
      {.arn = "arn:aws:iam::aws:policy/AWSStepFunctionsFullAccess"}};
  EXPECT_TRUE(may("s3:GetObject"));
  EXPECT_TRUE(may("states:StartExecution"));
  EXPECT_FALSE(may("iam:CreateUser"));
  EXPECT_GT(run(assume_role, input).packed_policy_size.value(), 0);
  input.policy_arns->at(0).arn = "arn:aws:iam::aws:policy/None";
  EXPECT_EQ(refusal(input), "Policy arn:aws:iam::aws:policy/None does not exist.");
}

}  // namespace
}  // namespace trainyard::sts
