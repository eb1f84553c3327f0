// What is odd about a definition, although it can be run.
#pragma once

#include <string_view>
#include <vector>

#include "asl/machine.hpp"

namespace trainyard::asl {

/// Warnings about a definition without errors. The service's own are not published; NO_DOLLAR is
/// one that it has been seen to give, NO_TIMEOUT follows from its guide ("Best practices").
///   NO_DOLLAR   a value in a payload template looks like a path or a call, but is taken as it is
///   NO_TIMEOUT  a task that somebody else ends has no time limit
std::vector<Problem> warnings_of(std::string_view definition, const Machine& machine);

}  // namespace trainyard::asl
