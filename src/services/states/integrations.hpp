// What a Task may call: `arn:aws:states:::sagemaker:<operation>[.sync]`, checked when a definition
// is; the rights and rules that this needs; and how a call looks to the one who made it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "asl/execution.hpp"
#include "base/error.hpp"
#include "services/call.hpp"

namespace trainyard::states {

/// How a `.sync` task learns of its job's end (Step Functions Developer Guide, "Run a Job
/// (.sync)"): by events, and by asking.
struct SyncRule {
  std::string_view service, operation;  // of the resource: "sagemaker", "createTrainingJob"
  std::string_view arn_member;          // of the response: names the job in events
  std::string_view source, detail_type;
  std::string_view status_member, succeeded;
  std::string_view failed[2];
  // The input of both is the last part of the ARN.
  std::string_view stop_operation, describe_operation, name_member;
  std::string_view managed_rule;
};
const SyncRule* find_sync_rule(const asl::Resource& resource);
/// Whether a Task may name this resource here.
bool is_supported(const Door& door, const asl::Resource& resource);
const SyncRule* find_sync_rule_of_event(std::string_view source, std::string_view detail_type);

/// Parses a definition and checks its tasks against what there is here.
asl::Parsed examine_definition(Call& call, const std::string& definition);
/// The machine of a definition; InvalidDefinition with every problem.
asl::Machine check_definition(Call& call, const std::string& definition);
/// The machine of a stored definition; problems when this program knows better by now.
asl::Parsed load_definition(Call& call, const std::string& definition);

/// The principal of a machine's role. ApiError when the role is gone or does not trust us.
Caller assume_role(Call& call, const std::string& role_arn, std::string_view session_name,
                   const std::string& machine_arn);
/// AccessDeniedException unless the role can be assumed, and its managed rules are there: what
/// creating and updating a machine does.
void prepare_role(Call& call, const asl::Machine& machine, const std::string& role_arn,
                  const std::string& machine_arn);

/// "CreateTrainingJob" of "createTrainingJob".
std::string api_operation(std::string_view operation);
/// A task's parameters with the tags that mark what an execution makes.
json::object request_of(Call& call, const asl::CallTask& task, const std::string& execution_arn);
/// A response as request/response tasks show it, with the facts of its HTTP exchange.
json::object response_of(Call& call, json::object output, const std::string& request_id);
/// A job as its event shows it, asked for as the machine's role. ApiError when that may not.
json::object describe_job(Call& call, const Caller& principal, const SyncRule& rule,
                          const std::string& arn);
/// An API error as States sees it: `SageMaker.ResourceInUseException`.
asl::Failure failure_of(const asl::Resource& resource, const ApiError& error,
                        const std::string& request_id);

}  // namespace trainyard::states
