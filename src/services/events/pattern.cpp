#include "services/events/pattern.hpp"

#include "services/events/matchers.hpp"

namespace trainyard::events {
namespace {

constexpr std::string_view kOr = "$or";

std::optional<std::string> object_fault(const json::object& pattern);

std::optional<std::string> or_fault(const json::value& alternatives) {
  const json::array* list = alternatives.if_array();
  if (list == nullptr || list->size() < 2) return "$or must be an array of at least two objects";
  for (const json::value& alternative : *list) {
    if (!alternative.is_object()) return "$or must be an array of at least two objects";
    if (auto fault = object_fault(alternative.get_object())) return fault;
  }
  return std::nullopt;
}

std::optional<std::string> list_fault(const json::array& matchers) {
  if (matchers.empty()) return "Empty arrays are not allowed";
  for (const json::value& matcher : matchers) {
    if (auto fault = matcher_fault(matcher)) return fault;
  }
  return std::nullopt;
}

std::optional<std::string> object_fault(const json::object& pattern) {
  if (pattern.empty()) return "Empty objects are not allowed";
  for (const auto& [key, value] : pattern) {
    std::optional<std::string> fault;
    if (key == kOr) {
      fault = or_fault(value);
    } else if (value.is_object()) {
      fault = object_fault(value.get_object());
    } else if (value.is_array()) {
      fault = list_fault(value.get_array());
    } else {
      fault = "\"" + std::string(key) + "\" must be an object or an array";
    }
    if (fault) return fault;
  }
  return std::nullopt;
}

/// Any element of a list will do, at any depth.
bool value_matches(const json::value& matcher, const json::value& value) {
  if (value.is_array()) {
    const json::array& list = value.get_array();
    return std::any_of(list.begin(), list.end(),
                       [&](const json::value& element) { return value_matches(matcher, element); });
  }
  return !value.is_object() && leaf_matches(matcher, value);
}

/// An object is no leaf, so it does not "exist" for a matcher.
bool has_leaf(const json::value* value) {
  if (value == nullptr || value->is_object()) return false;
  if (!value->is_array()) return true;
  const json::array& list = value->get_array();
  return std::any_of(list.begin(), list.end(),
                     [](const json::value& element) { return has_leaf(&element); });
}

bool list_matches(const json::array& matchers, const json::value* value) {
  return std::any_of(matchers.begin(), matchers.end(), [&](const json::value& matcher) {
    if (auto wanted = asks_existence(matcher)) return has_leaf(value) == *wanted;
    return value != nullptr && value_matches(matcher, *value);
  });
}

/// A list of objects matches when one of them does. What is absent may still satisfy "exists".
bool nested_matches(const json::object& pattern, const json::value* value) {
  if (value == nullptr) return matches(pattern, json::object());
  if (value->is_object()) return matches(pattern, value->get_object());
  if (!value->is_array()) return matches(pattern, json::object());
  const json::array& list = value->get_array();
  return std::any_of(list.begin(), list.end(), [&](const json::value& element) {
    return nested_matches(pattern, &element);
  });
}

bool or_matches(const json::array& alternatives, const json::object& event) {
  return std::any_of(alternatives.begin(), alternatives.end(), [&](const json::value& alternative) {
    return matches(alternative.get_object(), event);
  });
}

}  // namespace

std::optional<std::string> pattern_fault(const json::value& pattern) {
  if (!pattern.is_object()) return "Filter is not an object";
  return object_fault(pattern.get_object());
}

bool matches(const json::object& pattern, const json::object& event) {
  for (const auto& [key, expected] : pattern) {
    bool holds = false;
    if (key == kOr) {
      holds = or_matches(expected.get_array(), event);
    } else if (expected.is_object()) {
      holds = nested_matches(expected.get_object(), event.if_contains(key));
    } else {
      holds = list_matches(expected.get_array(), event.if_contains(key));
    }
    if (!holds) return false;
  }
  return true;
}

}  // namespace trainyard::events
