#include "asl/payload.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"

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
