#include "identity/identity.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "identity/managed.hpp"
#include "identity/policies.hpp"
#include "identity/roles.hpp"
#include "identity/users.hpp"

namespace trainyard::identity {
namespace {

constexpr const char* kAccount = "000000000000";

std::string allow(const std::string& action, const std::string& resource = "*",
                  const std::string& effect = "Allow", const std::string& condition = "{}") {
  return R"({"Version":"2012-10-17","Statement":[{"Effect":")" + effect + R"(","Action":")" +
         action + R"(","Resource":")" + resource + R"(","Condition":)" + condition + "}]}";
}

std::string trust(const std::string& principal, const std::string& condition = "{}") {
  return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",)"
         R"("Principal":)" + principal + R"(,"Condition":)" + condition + "}]}";
}

class Identity : public ::testing::Test {
 protected:
  Identity() : store(dir.path(), kMigrations) { store.set_rerun_writes(true); }

  template <class Work>
  auto write(Work work) {
    return store.write(work);
  }
  Credential root() {
    return write([&](Txn& txn) { return ensure_root(txn, kAccount, random, now); });
  }
  Role role(const std::string& name, const std::string& trust_document,
            const std::string& path = "/") {
    Role role;
    role.name = name;
    role.path = path;
    role.arn = std::string("arn:aws:iam::") + kAccount + ":role" + path + name;
    role.id = "AROA" + name;
    role.trust = trust_document;
    role.created = now;
    write([&](Txn& txn) { insert_role(txn, role); });
    return role;
  }
  Caller user(const std::string& name) {
    User user;
    user.name = name;
    user.arn = std::string("arn:aws:iam::") + kAccount + ":user/" + name;
    user.id = "AIDA" + name;
    write([&](Txn& txn) { insert_user(txn, user); });
    Caller caller;
    caller.kind = PrincipalKind::user;
    caller.account = kAccount;
    caller.arn = user.arn;
    caller.user_id = user.id;
    caller.name = name;
    return caller;
  }
  void may(const Caller& caller, const std::string& policy, const std::string& document) {
    write([&](Txn& txn) {
      put_inline_policy(txn, caller.user_id.substr(0, caller.user_id.find(':')),
                        {policy, document});
    });
  }
  /// "" when allowed, else the error's text.
  std::string ask(const Caller& caller, const Authorisation& request) {
    return store.read([&](Txn& txn) -> std::string {
      try {
        authorise(txn, caller, request, now);
        return "";
      } catch (const ApiError& error) {
        EXPECT_EQ(error.http_status(), 403);
        EXPECT_EQ(error.code(), request.code);
        return error.message();
      }
    });
  }
  std::string ask(const Caller& caller, std::string_view action, std::string_view resource = "*") {
    return ask(caller, {action, resource});
  }
  Credential session(const SessionRequest& request) {
    return write([&](Txn& txn) { return open_session(txn, request, random, now); });
  }
  /// "" when the session opens, else the error's text.
  std::string refusal(const SessionRequest& request) {
    try {
      session(request);
      return "";
    } catch (const ApiError& error) {
      EXPECT_EQ(error.code(), "AccessDenied");
      return error.message();
    }
  }
  SessionRequest by(const Caller& caller, const Role& role) {
    return {.role_arn = role.arn, .session_name = "s1", .by = &caller};
  }
  SessionRequest by_service(const char* service, const Role& role) {
    return {.role_arn = role.arn, .session_name = "s1", .service = service};
  }

  TempDir dir;
  SystemRandom random;
  Time now = from_millis(1'777'000'000'000);
  Store store;
};

TEST_F(Identity, RootKeysAreKept) {
  Credential first = root();
  EXPECT_EQ(first.access_key.size(), 20U);
  EXPECT_TRUE(first.access_key.starts_with("AKIA"));
  EXPECT_EQ(first.secret.size(), 40U);
  EXPECT_EQ(first.session_token, "");
  EXPECT_EQ(first.caller.kind, PrincipalKind::root);
  EXPECT_EQ(first.caller.arn, "arn:aws:iam::000000000000:root");
  now += std::chrono::hours(1);
  EXPECT_EQ(root().access_key, first.access_key);
  auto found = store.read([&](Txn& txn) { return find_credential(txn, first.access_key); });
  EXPECT_EQ(found.value().secret, first.secret);
  EXPECT_EQ(ask(first.caller, "iam:CreateRole", "arn:aws:iam::000000000000:role/x"), "");
}

TEST_F(Identity, KeysOfUsers) {
  Caller alice = user("alice");
  write([&](Txn& txn) {
    insert_access_key(txn, {"AKIAALICE", "secret", kAccount, alice.user_id, true, now});
    insert_access_key(txn, {"AKIANOBODY", "secret", kAccount, "AIDAgone", true, now});
  });
  auto find = [&](const char* id) {
    return store.read([&](Txn& txn) { return find_credential(txn, id); });
  };
  EXPECT_EQ(find("AKIAALICE").value().caller.arn, alice.arn);
  EXPECT_EQ(find("AKIAALICE")->caller.name, "alice");
  EXPECT_EQ(find("AKIAALICE")->caller.user_id, "AIDAalice");
  EXPECT_FALSE(find("AKIANOBODY").has_value());
  EXPECT_FALSE(find("AKIAELSE").has_value());
  EXPECT_FALSE(find("").has_value());
  write([&](Txn& txn) { set_access_key_active(txn, "AKIAALICE", false); });
  EXPECT_FALSE(find("AKIAALICE").has_value());
}

TEST_F(Identity, UsersMayWhatTheirPoliciesSay) {
  Caller alice = user("alice");
  EXPECT_EQ(ask(alice, "s3:GetObject", "arn:aws:s3:::b/k"),
            "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: s3:GetObject "
            "on resource: arn:aws:s3:::b/k because no identity-based policy allows the "
            "s3:GetObject action");
  may(alice, "p", allow("s3:*", "arn:aws:s3:::b/${aws:username}/*"));
  EXPECT_EQ(ask(alice, "s3:GetObject", "arn:aws:s3:::b/alice/k"), "");
  EXPECT_NE(ask(alice, "s3:GetObject", "arn:aws:s3:::b/bob/k"), "");
  may(alice, "q", allow("s3:Get*", "*", "Deny"));
  EXPECT_EQ(ask(alice, "s3:GetObject", "arn:aws:s3:::b/alice/k"),
            "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: s3:GetObject "
            "on resource: arn:aws:s3:::b/alice/k with an explicit deny in an identity-based "
            "policy");
  may(alice, "q", allow("s3:PutObject", "*", "Deny"));  // a change is seen at once
  EXPECT_EQ(ask(alice, "s3:GetObject", "arn:aws:s3:::b/alice/k"), "");
  write([&](Txn& txn) { delete_inline_policy(txn, alice.user_id, "p"); });
  EXPECT_NE(ask(alice, "s3:GetObject", "arn:aws:s3:::b/alice/k"), "");
}

TEST_F(Identity, AttachedPoliciesOfTheCustomerAndOfAws) {
  Caller alice = user("alice");
  Policy mine;
  mine.name = "mine";
  mine.arn = "arn:aws:iam::000000000000:policy/mine";
  mine.id = "ANPA1";
  mine.document = allow("logs:*");
  write([&](Txn& txn) {
    insert_policy(txn, mine);
    attach_policy(txn, alice.user_id, mine.arn);
    attach_policy(txn, alice.user_id, mine.arn);
    attach_policy(txn, alice.user_id, "arn:aws:iam::aws:policy/AWSStepFunctionsFullAccess");
  });
  EXPECT_EQ(ask(alice, "logs:PutLogEvents"), "");
  EXPECT_EQ(ask(alice, "states:StartExecution"), "");
  EXPECT_NE(ask(alice, "iam:GetRole"), "");
  EXPECT_EQ(store.read([&](Txn& txn) { return find_policy(txn, mine.arn)->attachments; }), 1);
  write([&](Txn& txn) { detach_policy(txn, alice.user_id, mine.arn); });
  EXPECT_NE(ask(alice, "logs:PutLogEvents"), "");
}

TEST_F(Identity, ConditionsSeeTheCallerAndTheRequest) {
  Caller alice = user("alice");
  alice.source_ip = "[2001:db8::7]";
  auto asks = [&](const std::string& condition, std::map<std::string, std::string> context = {}) {
    may(alice, "p", allow("iam:PassRole", "*", "Allow", condition));
    return ask(alice, {"iam:PassRole", "arn:aws:iam::000000000000:role/r", std::move(context)});
  };
  EXPECT_EQ(asks(R"({"IpAddress":{"aws:SourceIp":"2001:db8::/32"}})"), "");
  EXPECT_EQ(asks(R"({"StringEquals":{"aws:PrincipalType":"User","aws:userid":"AIDAalice"}})"), "");
  EXPECT_EQ(asks(R"({"StringEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}})"), "");
  EXPECT_EQ(asks(R"({"DateLessThan":{"aws:CurrentTime":"2026-04-25"}})"), "");
  EXPECT_NE(asks(R"({"DateLessThan":{"aws:CurrentTime":"2026-04-23"}})"), "");
  EXPECT_EQ(asks(R"({"Bool":{"aws:ViaAWSService":"false"}})"), "");
  const char* kPassed = R"({"StringEquals":{"iam:PassedToService":"sagemaker.amazonaws.com"}})";
  EXPECT_EQ(asks(kPassed, {{"iam:PassedToService", "sagemaker.amazonaws.com"}}), "");
  EXPECT_EQ(asks(kPassed, {{"iam:PassedToService", "states.amazonaws.com"}}),
            "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: iam:PassRole "
            "on resource: arn:aws:iam::000000000000:role/r because no identity-based policy allows "
            "the iam:PassRole action");
}

TEST_F(Identity, TheDaemonItselfIsNotAsked) {
  Caller own;
  own.kind = PrincipalKind::assumed_role;  // whatever it says it is
  own.via_service = "trainyard.internal";
  EXPECT_EQ(ask(own, "sagemaker:StopTrainingJob"), "");
}

TEST_F(Identity, ServicesAssumeRolesThatTrustThem) {
  Role job = role("Job", trust(R"({"Service":["sagemaker.amazonaws.com"]})"), "/service-role/");
  auto assume = [&](std::string_view arn, std::string_view service) {
    return store.read([&](Txn& txn) { return assume_for_service(txn, arn, service, "a b:c"); });
  };
  Caller caller = assume(job.arn, "sagemaker.amazonaws.com");
  EXPECT_EQ(caller.arn, "arn:aws:sts::000000000000:assumed-role/Job/a-b-c");
  EXPECT_EQ(caller.user_id, "AROAJob:a-b-c");
  EXPECT_EQ(caller.role_arn, job.arn);
  EXPECT_EQ(caller.name, "Job");
  EXPECT_EQ(caller.via_service, "sagemaker.amazonaws.com");
  may(caller, "p", allow("s3:GetObject", "*", "Allow", R"({"Bool":{"aws:ViaAWSService":"true"}})"));
  EXPECT_EQ(ask(caller, "s3:GetObject"), "");
  for (auto [arn, service] :
       {std::pair(job.arn, "states.amazonaws.com"),
        {std::string("arn:aws:iam::000000000000:role/Job"), "sagemaker.amazonaws.com"},
        {std::string("arn:aws:iam::000000000000:role/None"), "sagemaker.amazonaws.com"}}) {
    EXPECT_EQ(refusal({.role_arn = arn, .session_name = "s1", .service = service}),
              std::string("User: ") + service +
                  " is not authorized to perform: sts:AssumeRole on resource: " + arn);
  }
}

TEST_F(Identity, TrustConditionsOfServices) {
  Role flow = role("Flow", trust(R"({"Service":"states.amazonaws.com"})",
                                 R"({"StringEquals":{"aws:SourceAccount":"000000000000"},
                                     "ArnLike":{"aws:SourceArn":"arn:aws:states:*:*:*"}})"));
  SessionRequest request = by_service("states.amazonaws.com", flow);
  EXPECT_NE(refusal(request), "");
  request.context["aws:SourceArn"] = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
  EXPECT_EQ(refusal(request), "");
}

TEST_F(Identity, SessionsAreKeysThatEnd) {
  Role job = role("Job", trust(R"({"Service":"sagemaker.amazonaws.com"})"));
  SessionRequest request = by_service("sagemaker.amazonaws.com", job);
  Credential first = session(request), second = session(request);
  EXPECT_TRUE(first.access_key.starts_with("ASIA"));
  EXPECT_GE(first.session_token.size(), 200U);
  EXPECT_NE(first.session_token, second.session_token);
  EXPECT_NE(first.secret, second.secret);
  EXPECT_EQ(first.expires, now + std::chrono::hours(1));
  auto find = [&] {
    return store.read([&](Txn& txn) { return find_credential(txn, first.access_key); });
  };
  ASSERT_TRUE(find().has_value());
  EXPECT_EQ(find()->session_token, first.session_token);
  EXPECT_EQ(find()->caller.arn, "arn:aws:sts::000000000000:assumed-role/Job/s1");
  EXPECT_EQ(find()->caller.via_service, "");
  now += std::chrono::hours(2);
  session(request);
  EXPECT_LT(find().value().expires, now);  // still known, so that it can be called expired
  now += std::chrono::hours(48);
  session(request);
  EXPECT_FALSE(find().has_value());
}

TEST_F(Identity, ASessionEndsWithItsRole) {
  std::string document = trust(R"({"Service":"sagemaker.amazonaws.com"})");
  Role job = role("Job", document);
  Credential opened = session(by_service("sagemaker.amazonaws.com", job));
  write([&](Txn& txn) { delete_role(txn, job); });
  job.id = "AROAother";  // the next of that name
  write([&](Txn& txn) { insert_role(txn, job); });
  EXPECT_FALSE(
      store.read([&](Txn& txn) { return find_credential(txn, opened.access_key); }).has_value());
}

TEST_F(Identity, TrustInTheAccountLeavesItToTheCallersPolicies) {
  Role target = role("Target", trust(R"({"AWS":"arn:aws:iam::000000000000:root"})"));
  Caller alice = user("alice");
  std::string denied =
      "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: sts:AssumeRole on "
      "resource: arn:aws:iam::000000000000:role/Target";
  EXPECT_EQ(refusal(by(alice, target)), denied);
  may(alice, "p", allow("sts:AssumeRole", target.arn));
  EXPECT_EQ(refusal(by(alice, target)), "");
  may(alice, "q", allow("sts:*", "*", "Deny"));
  EXPECT_EQ(refusal(by(alice, target)),
            denied + " with an explicit deny in an identity-based policy");
}

TEST_F(Identity, TrustInThePrincipalItselfIsEnough) {
  Caller alice = user("alice"), bob = user("bob");
  Role target = role("Target", trust(R"({"AWS":")" + alice.arn + R"("})"));
  EXPECT_EQ(refusal(by(alice, target)), "");
  EXPECT_NE(refusal(by(bob, target)), "");
  may(bob, "p", allow("sts:AssumeRole"));
  EXPECT_NE(refusal(by(bob, target)), "");  // both sides are needed: the role does not trust bob
  may(alice, "p", allow("sts:AssumeRole", "*", "Deny"));
  EXPECT_NE(refusal(by(alice, target)), "");
}

TEST_F(Identity, TrustConditionsOfCallers) {
  Caller alice = user("alice");
  Role target = role("Target", trust(R"({"AWS":"*"})",
                                     R"({"StringEquals":{"sts:ExternalId":"secret"}})"));
  SessionRequest request = by(alice, target);
  EXPECT_NE(refusal(request), "");
  request.context["sts:ExternalId"] = "secret";
  EXPECT_EQ(refusal(request), "");
}

TEST_F(Identity, SessionPoliciesIntersect) {
  Caller alice = user("alice");
  Role target = role("Target", trust(R"({"AWS":")" + alice.arn + R"("})"));
  Role next = role("Next", trust(R"({"AWS":")" + target.arn + R"("})"));
  SessionRequest request = by(alice, target);
  request.policy = allow("s3:*");
  Caller caller = session(request).caller;
  may(caller, "p", allow("s3:GetObject"));
  may(caller, "q", allow("logs:*"));
  EXPECT_EQ(ask(caller, "s3:GetObject"), "");
  EXPECT_NE(ask(caller, "s3:PutObject"), "");
  EXPECT_EQ(ask(caller, "logs:PutLogEvents"),
            "User: arn:aws:sts::000000000000:assumed-role/Target/s1 is not authorized to perform: "
            "logs:PutLogEvents on resource: * because no session policy allows the "
            "logs:PutLogEvents action");
  EXPECT_NE(refusal(by(caller, next)), "");  // trusted as the role, but within the session's limits
  caller.session_policy = allow("s3:*", "*", "Deny");
  EXPECT_NE(ask(caller, "s3:GetObject").find("explicit deny in a session policy"),
            std::string::npos);
  caller.session_policy = "";
  EXPECT_EQ(refusal(by(caller, next)), "");
}

TEST_F(Identity, ResourcePolicies) {
  Caller alice = user("alice");
  Credential owner = root();
  auto bucket = [&](const std::string& effect, const std::string& principal) {
    return R"({"Statement":{"Effect":")" + effect + R"(","Action":"s3:*","Resource":"*",)" +
           R"("Principal":)" + principal + "}}";
  };
  auto asks = [&](const Caller& caller, const std::string& document) {
    return ask(caller, {"s3:GetObject", "arn:aws:s3:::b/k", {}, "AccessDenied", 403, document});
  };
  std::string named = R"({"AWS":")" + alice.arn + R"("})";
  EXPECT_EQ(asks(alice, bucket("Allow", named)), "");
  EXPECT_EQ(asks(alice, bucket("Allow", R"("*")")), "");
  EXPECT_NE(asks(alice, bucket("Allow", R"({"AWS":"000000000000"})")), "");
  EXPECT_EQ(asks(owner.caller, bucket("Allow", named)), "");
  for (const Caller& caller : {alice, owner.caller}) {
    EXPECT_NE(asks(caller, bucket("Deny", R"("*")"))
                  .find("with an explicit deny in a resource-based policy"),
              std::string::npos);
  }
}

TEST_F(Identity, CanonicalArnsHaveTheirPath) {
  role("Job", trust(R"({"Service":"sagemaker.amazonaws.com"})"), "/service-role/");
  user("alice");
  for (auto [given, arn] : {std::pair("arn:aws:iam::000000000000:role/Job",
                                      "arn:aws:iam::000000000000:role/service-role/Job"),
                            {"arn:aws:iam::000000000000:user/alice",
                             "arn:aws:iam::000000000000:user/alice"},
                            {"arn:aws:iam::000000000000:role/None",
                             "arn:aws:iam::000000000000:role/None"},
                            {"arn:aws:s3:::role/Job", "arn:aws:s3:::role/Job"},
                            {"*", "*"}}) {
    EXPECT_EQ(store.read([&](Txn& txn) { return canonical_arn(txn, given); }), arn);
  }
}

TEST_F(Identity, ManagedPoliciesAreAwsOwn) {
  const ManagedPolicy* sagemaker =
      find_managed_policy("arn:aws:iam::aws:policy/AmazonSageMakerFullAccess");
  ASSERT_NE(sagemaker, nullptr);
  EXPECT_EQ(sagemaker->id.size(), 21U);
  ASSERT_EQ(sagemaker->versions.size(), 2U);
  EXPECT_EQ(sagemaker->versions[0].version, "v29");
  EXPECT_EQ(sagemaker->versions[0].parsed->statements.size(), 44U);
  EXPECT_EQ(sagemaker->versions[1].version, "v18");
  EXPECT_EQ(sagemaker->versions[1].parsed->statements.size(), 28U);
  EXPECT_EQ(sagemaker->version().version, "v18");
  for (const ManagedPolicy& policy : managed_policies()) {
    EXPECT_EQ(policy.versions.size(), policy.name == sagemaker->name ? 2U : 1U) << policy.name;
  }
  Role job = role("Job", trust(R"({"Service":"sagemaker.amazonaws.com"})"));
  Caller caller = session(by_service("sagemaker.amazonaws.com", job)).caller;
  struct {
    const char* action;
    const char* resource;
    const char* passed_to;
    bool v18, v29;
  } rows[] = {
      {"sagemaker:CreateTrainingJob", "arn:aws:sagemaker:us-east-1:0:training-job/x", "", true,
       true},
      {"sagemaker:ListModels", "*", "", true, true},
      {"sagemaker:CreateApp", "arn:aws:sagemaker:us-east-1:0:domain/x", "", true, false},
      {"sagemaker:DeleteDomain", "arn:aws:sagemaker:us-east-1:0:domain/x", "", false, false},
      {"s3:GetObject", "arn:aws:s3:::sagemaker-us-east-1-000000000000/k", "", true, true},
      {"s3:GetObject", "arn:aws:s3:::data/k", "", false, false},
      {"s3:ListBucket", "arn:aws:s3:::data", "", true, true},
      {"logs:PutLogEvents", "arn:aws:logs:us-east-1:0:log-group:g:log-stream:s", "", true, true},
      {"iam:GetRole", "arn:aws:iam::000000000000:role/r", "", false, false},
      {"iam:PassRole", "arn:aws:iam::000000000000:role/r", "sagemaker.amazonaws.com", true, true},
      // The tutorial's second cell of Setup ends here today.
      {"iam:PassRole", "arn:aws:iam::000000000000:role/StepFunctionsWorkflowExecutionRole",
       "states.amazonaws.com", true, false},
      {"iam:PassRole", "arn:aws:iam::000000000000:role/AmazonSageMaker-1", "states.amazonaws.com",
       true, true},
      {"iam:PassRole", "arn:aws:iam::000000000000:role/r", "lambda.amazonaws.com", false, false},
  };
  write([&](Txn& txn) { attach_policy(txn, job.id, sagemaker->arn); });
  for (const ManagedVersion& version : sagemaker->versions) {
    choose_managed_version(sagemaker->name, version.version);
    // A principal's documents are remembered until a commit.
    write([&](Txn& txn) {
      detach_policy(txn, job.id, sagemaker->arn);
      attach_policy(txn, job.id, sagemaker->arn);
    });
    for (const auto& row : rows) {
      std::map<std::string, std::string> context;
      if (*row.passed_to) context["iam:PassedToService"] = row.passed_to;
      EXPECT_EQ(ask(caller, {row.action, row.resource, context}) == "",
                version.version == "v18" ? row.v18 : row.v29)
          << version.version << " " << row.action << " " << row.resource << " " << row.passed_to;
    }
  }
  choose_managed_version(sagemaker->name, "v18");
  EXPECT_THROW(choose_managed_version(sagemaker->name, "v30"), SystemError);
  EXPECT_THROW(choose_managed_version("None", "v1"), SystemError);
}

}  // namespace
}  // namespace trainyard::identity
