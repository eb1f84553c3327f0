// PURE: bodies of `http:invoke` as forms.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/json.hpp"

namespace trainyard::states {

/// How an array {"a": [1, 2]} is written.
enum class ArrayFormat {
  indices,   // a[0]=1&a[1]=2
  repeat,    // a=1&a=2
  commas,    // a=1,2
  brackets,  // a[]=1&a[]=2
};

/// What a task's Transform asks for: a form with arrays so, nullopt for JSON; or what is wrong.
std::variant<std::optional<ArrayFormat>, std::string> http_form_of(const json::object* transform);

/// application/x-www-form-urlencoded; members of members as "a[b]".
std::string url_encoded(const json::object& body, ArrayFormat format);

}  // namespace trainyard::states
