// Names and ARNs of state machines and executions.
#pragma once

#include <string>
#include <string_view>

#include "services/call.hpp"

namespace trainyard::states {

std::string machine_arn(const Site& site, std::string_view name);
/// arn:…:execution:<state machine>:<execution>.
std::string execution_arn(const Site& site, std::string_view machine, std::string_view name);

/// InvalidName unless it has 1 to 80 characters and none of those that Step Functions excludes
/// (API reference, CreateStateMachine, "name").
void check_name(std::string_view name);
/// InvalidArn unless it is an ARN of Step Functions whose resource begins with `kind`
/// ("stateMachine", "execution").
void check_arn(std::string_view arn, std::string_view kind);
/// InvalidArn unless it is a role's.
void check_role_arn(std::string_view arn);

}  // namespace trainyard::states
