#include "services/states/roles.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "identity/identity.hpp"

namespace trainyard::states {
namespace {

constexpr std::string_view kPrincipal = "states.amazonaws.com";

}  // namespace

Caller assume_role(Call& call, const std::string& role_arn, std::string_view session_name,
                   const std::string& machine_arn) {
  return identity::assume_for_service(call.txn, role_arn, kPrincipal, session_name,
                                      {{"aws:SourceArn", machine_arn}});
}

std::variant<Caller, asl::Failure> task_principal(Call& call, const asl::Facts& facts,
                                                  const std::optional<std::string>& task_role) {
  Caller machine;
  try {
    machine = assume_role(call, facts.role_arn, facts.name, facts.machine_id);
  } catch (const ApiError&) {
    return asl::Failure{std::string(asl::kPermissions),
                        fmt::format("The role {} is not there, or does not allow the service "
                                    "principal states.amazonaws.com to assume it.",
                                    facts.role_arn)};
  }
  if (!task_role) return machine;
  try {
    return identity::assume_from(call.txn, machine, *task_role, facts.name,
                                 {{"sts:ExternalId", facts.machine_id}}, call.now);
  } catch (const ApiError&) {
    // The error's name is unverified.
    return asl::Failure{std::string(asl::kTaskFailed),
                        fmt::format("The role {} is not authorized to assume the task state's "
                                    "role, {}.",
                                    facts.role_arn, *task_role)};
  }
}

}  // namespace trainyard::states
