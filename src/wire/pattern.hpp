// Regular expressions of the models and of users: PCRE2. Those of the models are anchored at both
// ends, compiled once, and bounded in effort.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace trainyard::wire {

/// Whether all of `text` matches. A match that takes too long counts as none. SystemError when
/// PCRE2 cannot compile the pattern: the tests try those of all models.
bool matches_fully(std::string_view pattern, std::string_view text);

/// Why PCRE2 cannot compile a pattern of a user's, and where; nullopt when it can. Patterns match
/// bytes, as an instance's agent will apply them to what a program prints.
std::optional<std::string> pattern_error(std::string_view pattern);

}  // namespace trainyard::wire
