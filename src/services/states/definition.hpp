// Definitions against what there is here, and the rights and rules that they need.
#pragma once

#include <string>

#include "asl/machine.hpp"
#include "services/call.hpp"

namespace trainyard::states {

/// Parses a definition and checks its tasks against what there is here.
asl::Parsed examine_definition(const Door& door, const std::string& definition);
/// The machine of a definition; InvalidDefinition with every problem.
asl::Machine check_definition(Call& call, const std::string& definition);
/// Whether a task's call takes a parameter of that name. The door must outlive the function.
asl::SupportsField supports_field(const Door& door);

/// AccessDeniedException unless the role can be assumed, and its managed rules are there: what
/// creating and updating a machine does.
void prepare_role(Call& call, const asl::Machine& machine, const std::string& role_arn,
                  const std::string& machine_arn);

}  // namespace trainyard::states
