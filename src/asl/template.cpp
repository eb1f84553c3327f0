#include "asl/template.hpp"

#include <cctype>

namespace trainyard::asl {

std::string check_path(std::string_view field, std::string_view text, Path& path) {
  std::string name(field);
  if (text.starts_with("States.")) {
    return "Intrinsic functions are not supported here: the field '" + name + "' calls '" +
           std::string(text) + "'";
  }
  if (text.size() > 1 && text[0] == '$' &&
      (std::isalpha(static_cast<unsigned char>(text[1])) || text[1] == '_')) {
    return "Variables are not supported here: the field '" + name + "' reads '" +
           std::string(text) + "'";
  }
  auto parsed = Path::parse(text);
  if (!parsed) return "The value for the field '" + name + "' must be a valid JSONPath";
  path = std::move(*parsed);
  return "";
}

Template Template::parse(const json::value& value, std::vector<Fault>& faults) {
  return parse_below(value, "", faults);
}

Template::Member Template::parse_path(std::string_view name, const json::value& value,
                                      const std::string& where, std::vector<Fault>& faults) {
  Member member{std::string(name.substr(0, name.size() - 2)), {}};
  Path path;
  std::string text = value.is_string() ? to_std(value.get_string()) : "";
  std::string problem = value.is_string() ? check_path(name, text, path)
                                          : "The value for the field '" + std::string(name) +
                                                "' must be a valid JSONPath";
  if (!problem.empty()) faults.push_back({problem, where});
  member.value.node_ = std::move(path);
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
        members.push_back(parse_path(name, member.value(), where, faults));
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

Result<json::value> Template::fill(const Scope& scope) const {
  std::size_t room = kPayloadBytesMax;
  return fill(scope, room);
}

Result<json::value> Template::fill_path(const Path& path, const Scope& scope,
                                        std::size_t& room) const {
  auto found = path.find(scope);
  if (!found) {
    const json::value& searched = path.in_context() ? scope.context : scope.input;
    return Failure{std::string(kRuntime),
                   "The JSONPath '" + path.text() + "' specified for the field '" + field_ +
                       "' could not be found in the input '" + dump(searched) + "'"};
  }
  std::size_t weight = weight_of(*found);
  if (weight > room) {
    return Failure{std::string(kDataLimitExceeded),
                   "The payload with the field '" + field_ +
                       "' has a size exceeding the maximum number of bytes service limit."};
  }
  room -= weight;
  return std::move(*found);
}

Result<json::value> Template::fill(const Scope& scope, std::size_t& room) const {
  if (const auto* literal = std::get_if<json::value>(&node_)) return *literal;
  if (const auto* path = std::get_if<Path>(&node_)) return fill_path(*path, scope, room);
  if (const auto* members = std::get_if<Members>(&node_)) {
    json::object object;
    for (const Member& member : *members) {
      auto value = member.value.fill(scope, room);
      if (auto* failure = std::get_if<Failure>(&value)) return std::move(*failure);
      object[member.name] = std::get<json::value>(std::move(value));
    }
    return json::value(std::move(object));
  }
  json::array array;
  for (const Template& element : std::get<Elements>(node_)) {
    auto value = element.fill(scope, room);
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
