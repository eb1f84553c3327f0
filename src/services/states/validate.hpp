// ValidateStateMachineDefinition, for those who have no daemon.
#pragma once

#include "generated/states/types.hpp"
#include "services/call.hpp"

namespace trainyard::states {

/// The operation's answer, of what `door` knows.
ValidateStateMachineDefinitionOutput validate_definition(
    const Door& door, const ValidateStateMachineDefinitionInput& input);

}  // namespace trainyard::states
