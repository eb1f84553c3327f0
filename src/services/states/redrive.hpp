// Redrive: an execution that did not succeed goes on from where it failed.
#pragma once

#include <optional>
#include <string>

#include "services/states/rows.hpp"

namespace trainyard::states {

/// Why an execution cannot be redriven now, in the service's words (API reference,
/// DescribeExecution, "redriveStatusReason"); nullopt when it can.
std::optional<std::string> redrive_obstacle(Call& call, const ExecutionRow& execution);

}  // namespace trainyard::states
