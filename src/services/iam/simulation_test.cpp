#include "base/text.hpp"
#include "generated/iam/operations.hpp"
#include "identity/identity.hpp"
#include "services/testing.hpp"

namespace trainyard::iam {
namespace {

constexpr const char* kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",)"
    R"("Principal":{"Service":"sagemaker.amazonaws.com"}}]})";
constexpr const char* kRole = "arn:aws:iam::000000000000:role/Job";
constexpr const char* kUser = "arn:aws:iam::000000000000:user/alice";

std::string document(const std::string& statements) {
  return R"({"Version":"2012-10-17","Statement":[)" + statements + "]}";
}

/// "allowed Inline(role)@1:38-1:90 …", the missing keys behind "?".
std::string told(const std::string& decision, const std::optional<std::vector<Statement>>& matched,
                 const std::optional<std::vector<std::string>>& missing) {
  std::string out = decision;
  for (const Statement& one : matched.value()) {
    out += " " + *one.source_policy_id + "(" + *one.source_policy_type + ")@" +
           std::to_string(*one.start_position->line) + ":" +
           std::to_string(*one.start_position->column);
  }
  for (const std::string& key : missing.value()) out += " ?" + key;
  return out;
}

class Simulation : public ServiceTest {
 protected:
  Simulation() : ServiceTest(identity::kMigrations) {
    run(create_role, {.role_name = "Job", .assume_role_policy_document = kTrust});
    run(create_user, {.user_name = "alice"});
  }
  void allow(const std::string& name, const std::string& statements) {
    run(put_role_policy,
        {.role_name = "Job", .policy_name = name, .policy_document = document(statements)});
  }
  std::string ask(const std::string& action, std::vector<std::string> resources = {},
                  std::vector<ContextEntry> entries = {}) {
    SimulatePrincipalPolicyInput input{.policy_source_arn = kRole, .action_names = {action}};
    if (!resources.empty()) input.resource_arns = resources;
    input.context_entries = std::move(entries);
    auto results = run(simulate_principal_policy, input).evaluation_results.value();
    EXPECT_EQ(results.size(), 1U);
    std::string out = told(results[0].eval_decision, results[0].matched_statements,
                           results[0].missing_context_values);
    for (const auto& one :
         results[0].resource_specific_results.value_or(std::vector<ResourceSpecificResult>())) {
      out += " | " +
             told(one.eval_resource_decision, one.matched_statements, one.missing_context_values);
    }
    return out;
  }
};

TEST_F(Simulation, SilenceAllowsNothing) {
  EXPECT_EQ(ask("s3:GetObject"), "implicitDeny");
  allow("Other", R"({"Effect":"Allow","Action":"s3:PutObject","Resource":"*"})");
  EXPECT_EQ(ask("s3:GetObject"), "implicitDeny");
}

TEST_F(Simulation, AllStatementsThatAllowAreNamed) {
  allow("Inline", R"({"Effect":"Allow","Action":"logs:*","Resource":"*"},)"
                  R"({"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::data/*"})");
  run(attach_role_policy,
      {.role_name = "Job", .policy_arn = "arn:aws:iam::aws:policy/AmazonS3FullAccess"});
  run(create_policy, {.policy_name = "Mine",
                      .policy_document = document(
                          R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"*"})")});
  run(attach_role_policy,
      {.role_name = "Job", .policy_arn = "arn:aws:iam::000000000000:policy/Mine"});
  std::string all =
      "allowed Inline(role)@1:90 Mine(user-managed)@1:38 AmazonS3FullAccess(aws-managed)@";
  std::string got = ask("S3:getobject", {"arn:aws:s3:::data/x"});
  EXPECT_TRUE(got.starts_with(all)) << got;
}

TEST_F(Simulation, StatementsOfOnePolicyAreNamedEach) {
  allow("Twice", R"({"Effect":"Allow","Action":"s3:Get*","Resource":"*"},)"
                 R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"*"})");
  EXPECT_EQ(ask("s3:GetObject"), "allowed Twice(role)@1:38 Twice(role)@1:91");
}

TEST_F(Simulation, WhatCannotBeWeighedIsRefused) {
  const std::vector<std::string> actions{"s3:GetObject"};
  const std::string policy =
      R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]})";
  const std::vector<std::string> many(10'001, "*");
  SimulateCustomPolicyInput with_owner{.action_names = actions};
  auto with_policy = with_owner, with_option = with_owner, with_many = with_owner;
  with_owner.resource_owner = "arn:aws:iam::999999999999:root";
  with_policy.resource_policy = policy;
  with_option.resource_handling_option = "EC2-VPC-InstanceStore";
  with_many.resource_arns = many;
  for (const auto& [input, part] :
       {std::pair(with_owner, "another account"), std::pair(with_policy, "CallerArn"),
        std::pair(with_option, "ResourceHandlingOption"), std::pair(with_many, "10000")}) {
    std::string message;
    EXPECT_EQ(error_of([&] { run(simulate_custom_policy, input); }, &message), "InvalidInput");
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  with_owner.resource_owner = "arn:aws:iam::000000000000:root";
  EXPECT_EQ(run(simulate_custom_policy, with_owner).evaluation_results->size(), 1u);
}

TEST_F(Simulation, ADenyStandsAlone) {
  allow("Wide", R"({"Effect":"Allow","Action":"*","Resource":"*"})");
  allow("Narrow", R"({"Effect":"Deny","Action":"s3:DeleteObject",)"
                  R"("Resource":"arn:aws:s3:::keep/*"})");
  EXPECT_EQ(ask("s3:DeleteObject", {"arn:aws:s3:::keep/a", "arn:aws:s3:::b/c"}),
            "explicitDeny Narrow(role)@1:38 | explicitDeny Narrow(role)@1:38 | "
            "allowed Wide(role)@1:38");
}

TEST_F(Simulation, ConditionsAskForTheirKeys) {
  allow("Pass", R"({"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":)"
                R"({"StringEquals":{"iam:PassedToService":"sagemaker.amazonaws.com"}}})");
  EXPECT_EQ(ask("iam:PassRole", {kRole}), "implicitDeny | implicitDeny ?iam:PassedToService");
  EXPECT_EQ(ask("iam:PassRole"), "implicitDeny ?iam:PassedToService");
  EXPECT_EQ(ask("s3:GetObject"), "implicitDeny");
  auto to = [](const char* service) {
    return ContextEntry{"iam:PassedToService", std::vector<std::string>{service}, "string"};
  };
  EXPECT_EQ(ask("iam:PassRole", {}, {to("sagemaker.amazonaws.com")}), "allowed Pass(role)@1:38");
  EXPECT_EQ(ask("iam:PassRole", {}, {to("states.amazonaws.com")}), "implicitDeny");
}

TEST_F(Simulation, WhoItIsIsKnown) {
  run(put_user_policy,
      {.user_name = "alice",
       .policy_name = "Home",
       .policy_document = document(R"({"Effect":"Allow","Action":"s3:*",)"
                                   R"("Resource":"arn:aws:s3:::home/${aws:username}/*"})")});
  auto decision = [&](const char* resource) {
    return run(simulate_principal_policy, {.policy_source_arn = kUser,
                                           .action_names = {"s3:GetObject"},
                                           .resource_arns = std::vector<std::string>{resource}})
        .evaluation_results->at(0)
        .eval_decision;
  };
  EXPECT_EQ(decision("arn:aws:s3:::home/alice/x"), "allowed");
  EXPECT_EQ(decision("arn:aws:s3:::home/bob/x"), "implicitDeny");
}

TEST_F(Simulation, PoliciesThatAreOnlyGiven) {
  std::string given = document(R"({"Effect":"Allow","Action":"s3:*","Resource":"*"})");
  auto results =
      run(simulate_principal_policy, {.policy_source_arn = kRole,
                                      .policy_input_list = std::vector<std::string>{given},
                                      .action_names = {"s3:GetObject", "sns:Publish"}})
          .evaluation_results.value();
  EXPECT_EQ(told(results[0].eval_decision, results[0].matched_statements,
                 results[0].missing_context_values),
            "allowed PolicyInputList.1(none)@1:38");
  EXPECT_EQ(results[1].eval_decision, "implicitDeny");
  auto custom =
      run(simulate_custom_policy, {.policy_input_list = {given}, .action_names = {"s3:GetObject"}});
  EXPECT_EQ(custom.evaluation_results->at(0).eval_decision, "allowed");
}

TEST_F(Simulation, AResourcePolicyMayAllowByItself) {
  auto with = [&](const std::string& principal) {
    std::string policy = R"({"Statement":[{"Effect":"Allow","Principal":{"AWS":")" + principal +
                         R"("},"Action":"s3:GetObject","Resource":"*"}]})";
    return run(simulate_principal_policy, {.policy_source_arn = kUser,
                                           .action_names = {"s3:GetObject"},
                                           .resource_policy = policy})
        .evaluation_results->at(0)
        .eval_decision;
  };
  EXPECT_EQ(with(kUser), "allowed");
  EXPECT_EQ(with("000000000000"), "implicitDeny");  // leaves it to the user's own policies
}

TEST_F(Simulation, ActionsComeInPages) {
  SimulatePrincipalPolicyInput input{
      .policy_source_arn = kRole, .action_names = {"a:B", "a:C", "a:D"}, .max_items = 2};
  auto first = run(simulate_principal_policy, input);
  EXPECT_EQ(first.is_truncated, true);
  input.marker = first.marker;
  auto second = run(simulate_principal_policy, input);
  EXPECT_EQ(second.is_truncated, false);
  EXPECT_EQ(second.evaluation_results->at(0).eval_action_name, "a:D");
}

TEST_F(Simulation, Refusals) {
  auto refused = [&](SimulatePrincipalPolicyInput input) {
    std::string message;
    return error_of([&] { run(simulate_principal_policy, input); }, &message) + ": " + message;
  };
  auto of = [&](const std::string& arn) {
    return refused({.policy_source_arn = arn, .action_names = {"a:B"}});
  };
  EXPECT_EQ(of("arn:aws:iam::000000000000:root"),
            "InvalidInput: Invalid Entity Arn: arn:aws:iam::000000000000:root does not clearly "
            "define entity type and name.");
  EXPECT_EQ(of("arn:aws:iam::000000000000:role/None"),
            "NoSuchEntity: The role with name None cannot be found.");
  EXPECT_EQ(of("arn:aws:iam::000000000000:role/p/Job"),
            "NoSuchEntity: arn:aws:iam::000000000000:role/p/Job does not exist.");
  EXPECT_EQ(refused({.policy_source_arn = kRole, .action_names = {"s3:*"}}),
            "InvalidInput: Invalid Action Name: s3:* is not of the form service:Action.");
  const std::vector<std::string> empty{"{}"};
  EXPECT_EQ(
      refused({.policy_source_arn = kRole, .policy_input_list = empty, .action_names = {"a:B"}}),
      "InvalidInput: PolicyInputList.1: Policy document must be version 2012-10-17 or "
      "greater.");
  EXPECT_EQ(refused({.policy_source_arn = kRole,
                     .permissions_boundary_policy_input_list = empty,
                     .action_names = {"a:B"}}),
            "InvalidInput: Permissions boundaries are not supported here.");
}

/// Each resource is told of each statement that allows it: few bytes ask for a great answer.
TEST_F(Simulation, WhatWouldBeAnAnswerWithoutEndIsRefused) {
  auto refused = [&](std::size_t statements, std::size_t resources) {
    std::vector<std::string> all(statements, R"({"Effect":"Allow","Action":"*","Resource":"*"})");
    SimulateCustomPolicyInput input{.policy_input_list = {document(join(all, ","))},
                                    .action_names = {"a:B"},
                                    .resource_arns = std::vector<std::string>(resources, "*")};
    std::string message;
    return error_of([&] { run(simulate_custom_policy, input); }, &message) + ": " + message;
  };
  EXPECT_EQ(refused(2'000, 101),
            "InvalidInput: More than 10000 pairs of an action and a resource, or more than 200000 "
            "such with a statement (1 actions, 101 resources, 2000 statements): name fewer "
            "resources, or ask for fewer actions at a time (MaxItems).");
  EXPECT_EQ(refused(2'000, 10'000).substr(0, 13), "InvalidInput:");
  EXPECT_EQ(refused(10'001, 1), "InvalidInput: PolicyInputList has more than 10000 statements.");
  SimulateCustomPolicyInput input{
      .policy_input_list = {document(join(
          std::vector<std::string>(2'000, R"({"Effect":"Allow","Action":"*","Resource":"*"})"),
          ","))},
      .action_names = {"a:B"},
      .resource_arns = std::vector<std::string>(100, "*")};
  const auto result = run(simulate_custom_policy, input).evaluation_results.value().at(0);
  EXPECT_EQ(result.matched_statements->size(), 2'000U);  // each once
}

}  // namespace
}  // namespace trainyard::iam
