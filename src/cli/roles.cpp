#include "cli/roles.hpp"

#include <optional>

#include <fmt/format.h>

#include "base/error.hpp"
#include "generated/iam/client.hpp"
#include "generated/iam/types.hpp"

namespace trainyard::cli {

const char* const kSageMakerRole = "AmazonSageMaker-ExecutionRole";

namespace {

constexpr const char* kSageMakerPath = "/service-role/";
constexpr const char* kWorkflowRole = "StepFunctionsWorkflowExecutionRole";
constexpr const char* kWorkflowPolicyName = "StepFunctionsWorkflowExecutionPolicy";

// The policy that the tutorial gives to the role of the workflow.
constexpr const char* kWorkflowPolicy = R"({
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Resource": "*", "Action": [
      "sagemaker:CreateTransformJob", "sagemaker:DescribeTransformJob",
      "sagemaker:StopTransformJob", "sagemaker:CreateTrainingJob",
      "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob",
      "sagemaker:CreateHyperParameterTuningJob", "sagemaker:DescribeHyperParameterTuningJob",
      "sagemaker:StopHyperParameterTuningJob", "sagemaker:CreateModel",
      "sagemaker:CreateEndpointConfig", "sagemaker:CreateEndpoint",
      "sagemaker:DeleteEndpointConfig", "sagemaker:DeleteEndpoint", "sagemaker:UpdateEndpoint",
      "sagemaker:ListTags", "lambda:InvokeFunction", "sqs:SendMessage", "sns:Publish",
      "ecs:RunTask", "ecs:StopTask", "ecs:DescribeTasks", "dynamodb:GetItem", "dynamodb:PutItem",
      "dynamodb:UpdateItem", "dynamodb:DeleteItem", "batch:SubmitJob", "batch:DescribeJobs",
      "batch:TerminateJob", "glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns",
      "glue:BatchStopJobRun"]},
    {"Effect": "Allow", "Resource": "*", "Action": ["iam:PassRole"],
     "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}},
    {"Effect": "Allow", "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
     "Resource": [
      "arn:aws:events:*:*:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule",
      "arn:aws:events:*:*:rule/StepFunctionsGetEventsForSageMakerTransformJobsRule",
      "arn:aws:events:*:*:rule/StepFunctionsGetEventsForSageMakerTuningJobsRule",
      "arn:aws:events:*:*:rule/StepFunctionsGetEventsForECSTaskRule",
      "arn:aws:events:*:*:rule/StepFunctionsGetEventsForBatchJobsRule"]}
  ]
})";

std::string trust(const char* service) {
  return fmt::format(
      R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":)"
      R"({{"Service":"{}"}},"Action":"sts:AssumeRole"}}]}})",
      service);
}

/// Without a path it is "/", and one that is there already may have any.
std::string make_role(iam::Client& client, const char* name, std::optional<std::string> path,
                      const char* service) {
  iam::CreateRoleInput input;
  input.role_name = name;
  input.path = path;
  input.assume_role_policy_document = trust(service);
  try {
    return client.create_role(input).role.arn;
  } catch (const ApiError& error) {
    if (error.code() != "EntityAlreadyExists") throw;
  }
  const iam::Role role = client.get_role({.role_name = name}).role;
  if (path && role.path != *path) {
    throw SystemError(fmt::format("there is a role {} already: delete it, or use it as it is",
                                  role.arn));
  }
  client.update_assume_role_policy({.role_name = name, .policy_document = trust(service)});
  return role.arn;
}

}  // namespace

Roles make_roles(sdk::Session& session) {
  iam::Client& client = session.iam();
  Roles roles;
  roles.sagemaker = make_role(client, kSageMakerRole, kSageMakerPath, "sagemaker.amazonaws.com");
  for (const char* policy : {"AmazonSageMakerFullAccess", "AWSStepFunctionsFullAccess"}) {
    client.attach_role_policy({.role_name = kSageMakerRole,
                               .policy_arn = fmt::format("arn:aws:iam::aws:policy/{}", policy)});
  }
  roles.workflow = make_role(client, kWorkflowRole, std::nullopt, "states.amazonaws.com");
  client.put_role_policy({.role_name = kWorkflowRole,
                          .policy_name = kWorkflowPolicyName,
                          .policy_document = kWorkflowPolicy});
  return roles;
}

}  // namespace trainyard::cli
