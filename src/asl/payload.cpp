#include "asl/payload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/json.hpp"
#include "base/utf8.hpp"

namespace trainyard::asl {

std::size_t weight_of(const json::value& value) {
  std::size_t weight = 1;
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) weight += member.key().size() + weight_of(member.value());
  } else if (const auto* array = value.if_array()) {
    for (const auto& element : *array) weight += weight_of(element);
  } else if (const auto* text = value.if_string()) {
    weight += text->size();
  }
  return weight;
}

void clip_to(std::optional<std::string>& text, std::size_t chars) {
  if (text) text = clip(*text, chars);
}

std::string too_large(std::string_view who) {
  return fmt::format(
      "The state/task '{}' returned a result with a size exceeding the maximum number of bytes "
      "service limit.",
      who);
}

std::optional<int64_t> integer_of(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (value.is_uint64() && value.get_uint64() <= std::numeric_limits<int64_t>::max()) {
    return static_cast<int64_t>(value.get_uint64());
  }
  return std::nullopt;
}

int depth_of(const json::value& value) {
  int below = -1;
  if (const auto* object = value.if_object()) {
    below = 0;
    for (const auto& member : *object) below = std::max(below, depth_of(member.value()));
  } else if (const auto* array = value.if_array()) {
    below = 0;
    for (const auto& element : *array) below = std::max(below, depth_of(element));
  }
  return below + 1;
}

}  // namespace trainyard::asl
