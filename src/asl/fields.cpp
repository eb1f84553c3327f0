#include "asl/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace trainyard::asl {

std::string Fields::location_of(std::string_view name) const {
  return (location_ == "/" ? "" : location_) + "/" + std::string(name);
}

void Fields::problem_at(std::string location, std::string message) {
  problems_.push_back({std::string(kSchemaFailed), std::move(message), std::move(location)});
}

void Fields::allow_only(std::span<const std::string_view> names) {
  for (const auto& member : object_) {
    std::string_view name = member.key();
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      problem(fmt::format("Field '{}' is not supported", name));
    }
  }
}

void Fields::require(std::initializer_list<std::string_view> names) {
  std::vector<std::string> missing;
  for (std::string_view name : names) {
    if (!has(name)) missing.emplace_back(name);
  }
  if (!missing.empty()) {
    problem("These fields are required: [" + join(missing, ", ") + "]");
  }
}

void Fields::exclusive(std::string_view a, std::string_view b) {
  if (has(a) && has(b)) problem(fmt::format("Only one of these fields is allowed: [{}, {}]", a, b));
}

std::optional<std::string> Fields::string(std::string_view name) {
  const json::value* value = find(object_, name);
  if (!value) return std::nullopt;
  if (value->is_string()) return to_std(value->get_string());
  problem_in(name, "Expected value of type String");
  return std::nullopt;
}

std::string Fields::target(std::string_view name) {
  auto text = string(name);
  if (text && text->empty()) problem_in(name, "Value cannot be empty");
  return text.value_or("");
}

std::optional<bool> Fields::boolean(std::string_view name) {
  const json::value* value = find(object_, name);
  if (!value) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  problem_in(name, "Expected value of type Boolean");
  return std::nullopt;
}

std::optional<int64_t> Fields::integer(std::string_view name, int64_t min, int64_t max) {
  const json::value* value = find(object_, name);
  if (!value) return std::nullopt;
  auto exact = value->is_number() ? std::optional(value->to_number<double>()) : std::nullopt;
  if (!exact || std::trunc(*exact) != *exact) {
    problem_in(name, "Expected value of type Integer");
    return std::nullopt;
  }
  if (*exact < static_cast<double>(min) || *exact > static_cast<double>(max)) {
    problem_in(name, fmt::format("Value must be between {} and {}", min, max));
    return std::nullopt;
  }
  return static_cast<int64_t>(*exact);
}

std::optional<double> Fields::number(std::string_view name, double min) {
  const json::value* value = find(object_, name);
  if (!value) return std::nullopt;
  if (!value->is_number()) {
    problem_in(name, "Expected value of type Number");
    return std::nullopt;
  }
  double number = value->to_number<double>();
  if (number >= min) return number;
  problem_in(name, fmt::format("Value must be at least {}", min));
  return std::nullopt;
}

const json::array* Fields::array(std::string_view name, bool may_be_empty) {
  const json::value* value = find(object_, name);
  if (!value) return nullptr;
  if (!value->is_array()) {
    problem_in(name, "Expected value of type Array");
    return nullptr;
  }
  if (!may_be_empty && value->get_array().empty()) {
    problem_in(name, "Value cannot be empty");
    return nullptr;
  }
  return &value->get_array();
}

const json::object* Fields::object(std::string_view name) {
  const json::value* value = find(object_, name);
  if (!value) return nullptr;
  if (!value->is_object()) problem_in(name, "Expected value of type Object");
  return value->if_object();
}

std::optional<Path> Fields::path(std::string_view name, bool reference_only) {
  auto text = string(name);
  if (!text) return std::nullopt;
  Path path;
  std::string message = check_path(name, *text, path);
  if (message.empty() && reference_only && (!path.is_reference() || path.in_context())) {
    message = fmt::format("The value for the field '{}' must be a valid Reference Path", name);
  }
  if (message.empty()) return path;
  problem_in(name, message);
  return std::nullopt;
}

std::optional<Expression> Fields::expression(std::string_view name) {
  auto text = string(name);
  if (!text) return std::nullopt;
  Expression expression;
  std::string message = check_expression(name, *text, expression);
  if (message.empty()) return expression;
  problem_in(name, message);
  return std::nullopt;
}

Selector Fields::selector(std::string_view name, bool reference_only) {
  const json::value* value = find(object_, name);
  if (!value) return {};
  if (value->is_null()) return {true, {}};
  auto found = path(name, reference_only);
  return {false, found.value_or(Path())};
}

std::optional<Template> Fields::payload(std::string_view name) {
  const json::value* value = find(object_, name);
  if (!value) return std::nullopt;
  std::vector<Template::Fault> faults;
  Template result = Template::parse(*value, faults);
  for (auto& fault : faults) problem_at(location_of(name) + fault.where, fault.message);
  return result;
}

}  // namespace trainyard::asl
