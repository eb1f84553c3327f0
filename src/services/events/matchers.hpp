// PURE: the comparisons that stand in the lists of an event pattern.
#pragma once

#include <optional>
#include <string>

#include "base/json.hpp"

namespace trainyard::events {

/// What is wrong with one entry of a list: a literal, or {"operator": argument}.
std::optional<std::string> matcher_fault(const json::value& matcher);

/// {"exists": true or false}: nullopt for any other matcher.
std::optional<bool> asks_existence(const json::value& matcher);

/// Whether a leaf (text, number, boolean, null) satisfies the matcher.
bool leaf_matches(const json::value& matcher, const json::value& leaf);

}  // namespace trainyard::events
