// The two roles of the tutorial.
#pragma once

#include <string>

#include "sdk/session.hpp"

namespace trainyard::cli {

struct Roles {
  std::string sagemaker;  // ARN: what training jobs and endpoints act as
  std::string workflow;   // ARN: what executions act as
};

/// Makes them, or brings those that are there to what the tutorial's Setup says:
/// AmazonSageMaker-ExecutionRole, below /service-role/ as SageMaker's console makes it (clients
/// conclude that path from the name), with AmazonSageMakerFullAccess and
/// AWSStepFunctionsFullAccess; StepFunctionsWorkflowExecutionRole with the tutorial's inline
/// policy. Policies that somebody added stay. SystemError when the first is there with another
/// path.
Roles make_roles(sdk::Session& session);

/// Name of the role that training jobs and endpoints act as.
extern const char* const kSageMakerRole;

}  // namespace trainyard::cli
