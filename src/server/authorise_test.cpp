#include "server/authorise.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "generated/iam/operations.hpp"
#include "generated/logs/operations.hpp"
#include "generated/monitoring/operations.hpp"
#include "generated/s3/operations.hpp"
#include "generated/sagemaker/operations.hpp"
#include "generated/states/operations.hpp"
#include "identity/identity.hpp"
#include "identity/policies.hpp"
#include "identity/roles.hpp"
#include "identity/users.hpp"

namespace trainyard::server {
namespace {

const wire::Operation& operation(const wire::Service& service, std::string_view name) {
  for (const wire::Operation& one : service.operations) {
    if (one.name == name) return one;
  }
  throw SystemError("no such operation: " + std::string(name));
}

class Authorise : public ::testing::Test {
 protected:
  Authorise() : store(dir.path(), identity::kMigrations) {
    identity::Role job;
    job.name = "Job";
    job.path = "/service-role/";
    job.arn = "arn:aws:iam::000000000000:role/service-role/Job";
    job.id = "AROAJOB";
    identity::User alice;
    alice.name = "alice";
    alice.arn = "arn:aws:iam::000000000000:user/alice";
    alice.id = "AIDAALICE";
    store.write([&](Txn& txn) {
      identity::insert_role(txn, job);
      identity::insert_user(txn, alice);
    });
    caller.kind = PrincipalKind::user;
    caller.account = site.account;
    caller.arn = alice.arn;
    caller.name = alice.name;
    caller.user_id = alice.id;
  }
  void may(const std::string& action, const std::string& resource,
           const std::string& condition = "{}", const std::string& effect = "Allow") {
    store.write([&](Txn& txn) {
      identity::put_inline_policy(
          txn, caller.user_id,
          {effect + action.substr(action.find(':') + 1),
           R"({"Version":"2012-10-17","Statement":{"Effect":")" + effect + R"(","Action":")" +
               action + R"(","Resource":")" + resource + R"(","Condition":)" + condition + "}}"});
    });
  }
  void may_not(const std::string& action, const std::string& resource,
               const std::string& condition = "{}") {
    may(action, resource, condition, "Deny");
  }
  /// "" when allowed, else the error's text.
  std::string ask(const wire::Service& service, std::string_view name, const void* input) {
    return store.read([&](Txn& txn) -> std::string {
      try {
        authorise_operation(txn, caller, service, operation(service, name), input, site, now);
        return "";
      } catch (const ApiError& error) {
        return error.code() + ": " + error.message();
      }
    });
  }

  TempDir dir;
  Store store;
  Site site;
  Caller caller;
  Time now = from_millis(1'777'000'000'000);
};

TEST_F(Authorise, RolesAreDecidedOnWithTheirPath) {
  iam::GetRoleInput input{"Job"};
  EXPECT_EQ(ask(iam::kService, "GetRole", &input),
            "AccessDenied: User: arn:aws:iam::000000000000:user/alice is not authorized to "
            "perform: iam:GetRole on resource: arn:aws:iam::000000000000:role/service-role/Job "
            "because no identity-based policy allows the iam:GetRole action");
  may("iam:GetRole", "arn:aws:iam::*:role/service-role/*");
  EXPECT_EQ(ask(iam::kService, "GetRole", &input), "");
}

TEST_F(Authorise, WhatIsCreatedHasThePathOfTheRequest) {
  iam::CreateRoleInput input{.role_name = "x"};
  auto resources = [&] {
    return resources_of(operation(iam::kService, "CreateRole"), &input, site, caller);
  };
  EXPECT_EQ(resources(), std::vector<std::string>{"arn:aws:iam::000000000000:role/x"});
  input.path = "/team/";
  EXPECT_EQ(resources(), std::vector<std::string>{"arn:aws:iam::000000000000:role/team/x"});
}

TEST_F(Authorise, WithoutAUserNameTheCallerIsMeant) {
  may("iam:*AccessKey", "arn:aws:iam::*:user/${aws:username}");
  iam::CreateAccessKeyInput own, other{"bob"};
  EXPECT_EQ(ask(iam::kService, "CreateAccessKey", &own), "");
  EXPECT_NE(ask(iam::kService, "CreateAccessKey", &other), "");
}

TEST_F(Authorise, AGroupHasOneNameHoweverItIsGiven) {
  may("logs:*", "*");
  may_not("logs:*", "arn:aws:logs:us-east-1:000000000000:log-group:secret*");
  const std::string arn = "arn:aws:logs:us-east-1:000000000000:log-group:";
  for (std::string group : {"secret", "open"}) {
    for (const std::string& named : {group, arn + group, arn + group + ":*"}) {
      logs::GetLogEventsInput get{.log_group_identifier = named, .log_stream_name = "s"};
      logs::FilterLogEventsInput filter{.log_group_identifier = named};
      logs::DescribeLogStreamsInput describe{.log_group_identifier = named};
      for (const std::string& answer : {ask(logs::kService, "GetLogEvents", &get),
                                        ask(logs::kService, "FilterLogEvents", &filter),
                                        ask(logs::kService, "DescribeLogStreams", &describe)}) {
        EXPECT_EQ(answer.empty(), group == "open") << named << " " << answer;
      }
    }
  }
  logs::FilterLogEventsInput none;  // refused by its handler; no policy's word is passed by
  EXPECT_EQ(resources_of(operation(logs::kService, "FilterLogEvents"), &none, site, caller),
            std::vector<std::string>{arn + ":*"});
}

TEST_F(Authorise, TheRegionOfARequestIsAlwaysKnown) {
  may("*:*", "*");
  may_not("*:*", "*", R"({"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}})");
  s3::ListObjectsV2Input list{.bucket = "b"};
  sagemaker::ListTrainingJobsInput jobs;
  iam::ListRolesInput roles;
  EXPECT_EQ(ask(s3::kService, "ListObjectsV2", &list), "");
  EXPECT_EQ(ask(sagemaker::kService, "ListTrainingJobs", &jobs), "");
  site.region = "eu-central-1";
  EXPECT_NE(ask(s3::kService, "ListObjectsV2", &list), "");
  EXPECT_NE(ask(sagemaker::kService, "ListTrainingJobs", &jobs), "");
  EXPECT_EQ(ask(iam::kService, "ListRoles", &roles), "");  // its one endpoint is in us-east-1
}

TEST_F(Authorise, VersionsAndAliasesAreDecidedOnAsTheirMachine) {
  const std::string flow = "arn:aws:states:us-east-1:000000000000:stateMachine:flow";
  may("states:StartExecution", flow,
      R"({"ForAnyValue:StringEquals":{"states:StateMachineQualifier":["1","PROD"]}})");
  auto start = [&](const std::string& arn) {
    states::StartExecutionInput input{.state_machine_arn = arn};
    return ask(states::kService, "StartExecution", &input);
  };
  EXPECT_EQ(start(flow + ":1"), "");
  EXPECT_EQ(start(flow + ":PROD"), "");
  EXPECT_NE(start(flow + ":2"), "");
  EXPECT_NE(start(flow), "");  // without a qualifier the key is absent
  EXPECT_NE(start(flow + "x:1"), "");
  may("states:*StateMachine*", flow);
  states::DeleteStateMachineVersionInput version{flow + ":7"};
  EXPECT_EQ(ask(states::kService, "DeleteStateMachineVersion", &version), "");
  states::CreateStateMachineAliasInput alias{{}, "A", {{flow + ":1", 50}, {flow + ":2", 50}}};
  EXPECT_EQ(ask(states::kService, "CreateStateMachineAlias", &alias), "");
  alias.routing_configuration.front().state_machine_version_arn = flow + "x:1";
  EXPECT_NE(ask(states::kService, "CreateStateMachineAlias", &alias), "");
  alias.routing_configuration.clear();
  EXPECT_NE(ask(states::kService, "CreateStateMachineAlias", &alias), "");
  states::UpdateStateMachineAliasInput update{flow + ":A", {}, {}};
  EXPECT_EQ(ask(states::kService, "UpdateStateMachineAlias", &update), "");
}

TEST_F(Authorise, PublishingIsARightOfItsOwn) {
  const std::string flow = "arn:aws:states:us-east-1:000000000000:stateMachine:flow";
  may("states:UpdateStateMachine", flow);
  states::UpdateStateMachineInput update{.state_machine_arn = flow};
  EXPECT_EQ(ask(states::kService, "UpdateStateMachine", &update), "");
  update.publish = false;
  EXPECT_EQ(ask(states::kService, "UpdateStateMachine", &update), "");
  update.publish = true;
  EXPECT_THAT(ask(states::kService, "UpdateStateMachine", &update),
              testing::HasSubstr("states:PublishStateMachineVersion on resource: " + flow));
  may("states:PublishStateMachineVersion", flow);
  EXPECT_EQ(ask(states::kService, "UpdateStateMachine", &update), "");
}

TEST_F(Authorise, ConditionsSeeTheNamespaceOfMetrics) {
  may("cloudwatch:PutMetricData", "*",
      R"({"StringEquals":{"cloudwatch:namespace":"/aws/sagemaker/TrainingJobs"}})");
  monitoring::PutMetricDataInput put{.namespace_ = "/aws/sagemaker/TrainingJobs"};
  EXPECT_EQ(ask(monitoring::kService, "PutMetricData", &put), "");
  put.namespace_ = "own";
  EXPECT_NE(ask(monitoring::kService, "PutMetricData", &put), "");
  EXPECT_NE(ask(*monitoring::kService.older, "PutMetricData", &put), "");
}

TEST_F(Authorise, ConditionsSeeTheHeadersOfS3) {
  may("s3:*", "*");
  may_not("s3:PutObject", "*", R"({"Null":{"s3:x-amz-server-side-encryption":"true"}})");
  may_not("s3:CreateBucket", "*", R"({"StringEquals":{"s3:x-amz-acl":"public-read"}})");
  may_not("s3:ListBucket", "*", R"({"NumericGreaterThan":{"s3:max-keys":"10"}})");
  s3::PutObjectInput put{.bucket = "b", .key = "k"};
  EXPECT_NE(ask(s3::kService, "PutObject", &put), "");
  put.server_side_encryption = "AES256";
  EXPECT_EQ(ask(s3::kService, "PutObject", &put), "");
  s3::CreateBucketInput create{.acl = "private", .bucket = "b"};
  EXPECT_EQ(ask(s3::kService, "CreateBucket", &create), "");
  create.acl = "public-read";
  EXPECT_NE(ask(s3::kService, "CreateBucket", &create), "");
  s3::ListObjectsV2Input list{.bucket = "b", .max_keys = 10};
  EXPECT_EQ(ask(s3::kService, "ListObjectsV2", &list), "");
  list.max_keys = 11;
  EXPECT_NE(ask(s3::kService, "ListObjectsV2", &list), "");
}

TEST_F(Authorise, AttachingIsDecidedByThePolicyToo) {
  may("iam:AttachRolePolicy", "*",
      R"({"ArnLike":{"iam:PolicyARN":"arn:aws:iam::aws:policy/AmazonS3*"}})");
  iam::AttachRolePolicyInput input{"Job", "arn:aws:iam::aws:policy/AmazonS3FullAccess"};
  EXPECT_EQ(ask(iam::kService, "AttachRolePolicy", &input), "");
  input.policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess";
  EXPECT_NE(ask(iam::kService, "AttachRolePolicy", &input), "");
}

TEST_F(Authorise, PassingARoleIsARightOfItsOwn) {
  caller.source_ip = "203.0.113.7";
  sagemaker::CreateModelInput input{.model_name = "m"};
  input.execution_role_arn = "arn:aws:iam::000000000000:role/service-role/Job";
  may("sagemaker:CreateModel", "arn:aws:sagemaker:us-east-1:000000000000:model/m");
  EXPECT_EQ(ask(sagemaker::kService, "CreateModel", &input),
            "AccessDeniedException: User: arn:aws:iam::000000000000:user/alice is not authorized "
            "to perform: iam:PassRole on resource: arn:aws:iam::000000000000:role/service-role/Job "
            "because no identity-based policy allows the iam:PassRole action");
  auto passed_to = [](const char* service, const char* network) {
    return std::string(R"({"StringEquals":{"iam:PassedToService":")") + service +
           R"("},"IpAddress":{"aws:SourceIp":")" + network + R"("}})";
  };
  may("iam:PassRole", "*", passed_to("states.amazonaws.com", "203.0.113.0/24"));
  EXPECT_NE(ask(sagemaker::kService, "CreateModel", &input), "");
  may("iam:PassRole", "*", passed_to("sagemaker.amazonaws.com", "10.0.0.0/8"));
  EXPECT_NE(ask(sagemaker::kService, "CreateModel", &input), "");
  may("iam:PassRole", "*", passed_to("sagemaker.amazonaws.com", "203.0.113.0/24"));
  EXPECT_EQ(ask(sagemaker::kService, "CreateModel", &input), "");
}

}  // namespace
}  // namespace trainyard::server
