// As whom tasks act: the machine's role, or the one that a task's Credentials name.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "asl/execution.hpp"
#include "services/call.hpp"

namespace trainyard::states {

/// The principal of a machine's role. ApiError when the role is gone or does not trust us.
Caller assume_role(Call& call, const std::string& role_arn, std::string_view session_name,
                   const std::string& machine_arn);

/// The principal of a task, or why there is none. `task_role` is its Credentials' RoleArn: the
/// machine's role must be allowed sts:AssumeRole on it, and its trust policy must allow the
/// machine's role; sts:ExternalId is the machine's ARN (Developer Guide, "Cross-account access for
/// .sync integration pattern").
std::variant<Caller, asl::Failure> task_principal(Call& call, const asl::Facts& facts,
                                                  const std::optional<std::string>& task_role);

}  // namespace trainyard::states
