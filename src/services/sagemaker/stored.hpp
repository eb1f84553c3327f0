// Members of JSON that this service has stored itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace trainyard::sagemaker {

inline std::string stored_text(const json::object& object, std::string_view name) {
  return find_string(object, name).value_or("");
}

inline int64_t stored_integer(const json::object& object, std::string_view name) {
  return find_integer(object, name).value_or(0);
}

inline std::optional<Time> stored_time(const json::object& object, std::string_view name) {
  auto millis = find_integer(object, name);
  return millis ? std::optional(from_millis(*millis)) : std::nullopt;
}

/// Leaves the member out when there is no time.
inline void store_time(json::object& object, std::string_view name, std::optional<Time> time) {
  if (time) object[name] = to_millis(*time);
}

}  // namespace trainyard::sagemaker
