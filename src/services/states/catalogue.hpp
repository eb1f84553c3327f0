// What a Task may call here: the optimised integrations and, by the tables of the models, every
// operation as `aws-sdk:SERVICE:ACTION`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "asl/machine.hpp"
#include "services/call.hpp"

namespace trainyard::states {

/// A service by the names that the AWS SDK for Java v2 gives it.
struct SdkService {
  std::string_view resource;  // in ARNs: "cloudwatchlogs"
  std::string_view folder;    // here: "logs"
  std::string_view prefix;    // of errors: "CloudWatchLogs"
  /// A member whose text is sent as JSON has it, in quotes; "" for none. S3's objects are written
  /// so [unverified for other services].
  std::string_view json_member;
};

/// A resource that a Task may name here.
struct Integration {
  enum class Kind { sagemaker, nested, sdk, http };
  Kind kind = Kind::sagemaker;
  std::string service, operation;  // of ours: "logs", "PutLogEvents"
  const SdkService* sdk = nullptr;
  /// Its call is made outside of transactions: bodies stream, or it goes into the world.
  bool outside = false;
  /// Its call may move the very execution that makes it: SendTaskSuccess, StopExecution.
  bool moves_executions = false;
};

/// nullopt for what is not to be called, by this pattern or at all.
std::optional<Integration> find_integration(const Door& door, const asl::Resource& resource);

/// Whether the integration takes a parameter of that name.
bool takes_parameter(const Door& door, const Integration& integration, std::string_view name);

/// "CreateTrainingJob" of "createTrainingJob".
std::string api_operation(std::string_view operation);

}  // namespace trainyard::states
