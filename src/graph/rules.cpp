// Choice rules in words: States Language, "Choice State".
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "graph/graph.hpp"

namespace trainyard::graph {
namespace {

constexpr int kRuleDepthMax = 8;

// Suffix of the operator (after String, Numeric, …) and how a person writes it; the longer suffixes
// first, since "LessThan" is one of "LessThanEquals"'s beginnings.
constexpr std::array<std::pair<const char*, const char*>, 6> kComparisons = {{
    {"GreaterThanEquals", ">="},
    {"LessThanEquals", "<="},
    {"GreaterThan", ">"},
    {"LessThan", "<"},
    {"Equals", "=="},
    {"Matches", "like"},
}};

std::string describe_operator(std::string_view name) {
  for (const auto& [suffix, sign] : kComparisons) {
    if (name.ends_with(suffix)) return sign;
  }
  return std::string(name);
}

std::string describe(const json::object& rule, int depth);

std::string describe_all(const json::array& rules, const char* word, int depth) {
  std::vector<std::string> parts;
  for (const json::value& rule : rules) {
    if (rule.is_object()) parts.push_back(describe(rule.get_object(), depth + 1));
  }
  const std::string text = join(parts, fmt::format(" {} ", word));
  return depth > 0 && parts.size() > 1 ? "(" + text + ")" : text;
}

std::string describe_comparison(const json::object& rule) {
  const std::string variable = find_string(rule, "Variable").value_or("");
  for (const auto& [key, value] : rule) {
    std::string_view name(key.data(), key.size());
    if (name == "Variable" || name == "Next" || name == "Comment" || name == "Assign" ||
        name == "Output") {
      continue;
    }
    if (name.starts_with("Is")) {
      std::string kind = to_lower(name.substr(2));
      const bool wanted = !value.is_bool() || value.get_bool();
      return fmt::format("{} is {}{}", variable, wanted ? "" : "not ", kind);
    }
    const bool path = name.ends_with("Path");
    if (path) name.remove_suffix(4);
    const std::string right =
        path && value.is_string() ? to_std(value.get_string()) : dump(value);
    return fmt::format("{} {} {}", variable, describe_operator(name), right);
  }
  return variable;
}

std::string describe(const json::object& rule, int depth) {
  if (depth > kRuleDepthMax) return "…";
  if (const json::array* rules = find_array(rule, "And")) return describe_all(*rules, "and", depth);
  if (const json::array* rules = find_array(rule, "Or")) return describe_all(*rules, "or", depth);
  if (const json::object* inner = find_object(rule, "Not")) {
    return "not (" + describe(*inner, depth + 1) + ")";
  }
  if (const auto condition = find_string(rule, "Condition")) {  // JSONata: {% … %}
    std::string_view text = trim(*condition);
    if (text.starts_with("{%") && text.ends_with("%}") && text.size() >= 4) {
      text = trim(text.substr(2, text.size() - 4));
    }
    return std::string(text);
  }
  return describe_comparison(rule);
}

}  // namespace

std::string describe_rule(const json::object& rule) { return describe(rule, 0); }

}  // namespace trainyard::graph
