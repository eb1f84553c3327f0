#include "asl/template.hpp"

namespace trainyard::asl {

Template Template::parse(const json::value& value, std::vector<Fault>& faults) {
  return parse_below(value, "", faults);
}

Template::Member Template::parse_expression(std::string_view name, const json::value& value,
                                            const std::string& where,
                                            std::vector<Fault>& faults) {
  Member member{std::string(name.substr(0, name.size() - 2)), {}};
  Expression expression;
  const json::string* text = value.if_string();
  std::string problem = text ? check_expression(name, *text, expression) : not_an_expression(name);
  if (!problem.empty()) faults.push_back({problem, where});
  member.value.node_ = std::move(expression);
  member.value.field_ = std::string(name);
  return member;
}

Template Template::parse_below(const json::value& value, const std::string& where,
                               std::vector<Fault>& faults) {
  Template result;
  if (const auto* object = value.if_object()) {
    Members members;
    for (const auto& member : *object) {
      std::string_view name = member.key();
      if (name.size() > 2 && name.ends_with(".$")) {
        members.push_back(parse_expression(name, member.value(), where, faults));
      } else {
        std::string below = where + "/" + std::string(name);
        members.push_back({std::string(name), parse_below(member.value(), below, faults)});
      }
    }
    result.node_ = std::move(members);
  } else if (const auto* array = value.if_array()) {
    Elements elements;
    for (const auto& element : *array) {
      std::string below = where + "[" + std::to_string(elements.size()) + "]";
      elements.push_back(parse_below(element, below, faults));
    }
    result.node_ = std::move(elements);
  } else {
    result.node_ = value;
  }
  return result;
}

Result<json::value> Template::fill(const Scope& scope, Random& random) const {
  std::size_t room = kPayloadBytesMax;
  return fill(scope, random, room);
}

Result<json::value> Template::fill(const Expression& expression, const Scope& scope,
                                   Random& random, std::size_t& room) const {
  auto value = expression.evaluate(field_, scope, random);
  if (std::holds_alternative<Failure>(value)) return value;
  std::size_t weight = weight_of(std::get<json::value>(value));
  if (weight > room) {
    return Failure{std::string(kDataLimitExceeded),
                   "The payload with the field '" + field_ +
                       "' has a size exceeding the maximum number of bytes service limit."};
  }
  room -= weight;
  return value;
}

Result<json::value> Template::fill(const Scope& scope, Random& random, std::size_t& room) const {
  if (const auto* literal = std::get_if<json::value>(&node_)) return *literal;
  if (const auto* expression = std::get_if<Expression>(&node_)) {
    return fill(*expression, scope, random, room);
  }
  if (const auto* members = std::get_if<Members>(&node_)) {
    json::object object;
    for (const Member& member : *members) {
      auto value = member.value.fill(scope, random, room);
      if (auto* failure = std::get_if<Failure>(&value)) return std::move(*failure);
      object[member.name] = std::get<json::value>(std::move(value));
    }
    return json::value(std::move(object));
  }
  json::array array;
  for (const Template& element : std::get<Elements>(node_)) {
    auto value = element.fill(scope, random, room);
    if (auto* failure = std::get_if<Failure>(&value)) return std::move(*failure);
    array.push_back(std::get<json::value>(std::move(value)));
  }
  return json::value(std::move(array));
}

std::vector<std::string> Template::names() const {
  std::vector<std::string> names;
  if (const auto* members = std::get_if<Members>(&node_)) {
    for (const Member& member : *members) names.push_back(member.name);
  }
  return names;
}

}  // namespace trainyard::asl
