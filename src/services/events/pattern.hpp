// PURE: event patterns (Amazon EventBridge User Guide, "Creating Amazon EventBridge event
// patterns"): exact values, prefix, suffix, anything-but, numeric, exists, equals-ignore-case,
// wildcard, cidr, $or.
#pragma once

#include <optional>
#include <string>

#include "base/json.hpp"

namespace trainyard::events {

/// What is wrong with a pattern, in one line; nullopt when it is one.
std::optional<std::string> pattern_fault(const json::value& pattern);

/// Whether the event matches. The pattern has no fault.
bool matches(const json::object& pattern, const json::object& event);

}  // namespace trainyard::events
