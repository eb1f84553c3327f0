// Names and ARNs of state machines, their versions and aliases, executions and activities.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/call.hpp"

namespace trainyard::states {

std::string machine_arn(const Site& site, std::string_view name);
/// arn:…:execution:<state machine>:<execution>.
std::string execution_arn(const Site& site, std::string_view machine, std::string_view name);

std::string activity_arn(const Site& site, std::string_view name);

/// `…:stateMachine:NAME[:QUALIFIER]`: a state machine, or a version or an alias of it.
struct MachineRef {
  std::string machine;    // the ARN without the qualifier
  std::string qualifier;  // "3", "PROD", or ""
  bool labelled = false;  // `…:stateMachine:NAME/LABEL`: a Distributed Map state
  /// The number of a version; nullopt for an alias, whose name is never a number, and for neither.
  std::optional<int64_t> version() const;
};
/// InvalidArn for what is no state machine's ARN.
MachineRef parse_machine_ref(const std::string& arn);
/// ValidationException for the ARN of a Distributed Map state.
void refuse_label(const MachineRef& ref);
/// The ARN of a state machine itself; ValidationException when it is qualified.
std::string unqualified_arn(const std::string& arn);
/// "ARN:QUALIFIER".
std::string qualified_arn(std::string_view machine, std::string_view qualifier);

/// InvalidName unless it has 1 to 80 characters and none of those that Step Functions excludes
/// (API reference, CreateStateMachine, "name").
void check_name(std::string_view name);
/// InvalidArn unless it is an ARN of Step Functions whose resource begins with `kind`
/// ("stateMachine", "execution", "activity").
void check_arn(std::string_view arn, std::string_view kind);
/// InvalidArn unless it is a role's.
void check_role_arn(std::string_view arn);

}  // namespace trainyard::states
