// Conditions of Choice states (ASL specification, "Choice State").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "asl/path.hpp"
#include "asl/payload.hpp"
#include "base/json.hpp"

namespace trainyard::asl {

enum class Test {
  all_of,    // And
  any_of,    // Or
  negation,  // Not
  string,
  numeric,
  boolean,
  timestamp,
  matches,  // StringMatches
  is_null,
  is_present,
  is_numeric,
  is_string,
  is_boolean,
  is_timestamp,
};
enum class Order { equal, less, greater, at_most, at_least };

/// One comparison operator by its name in a definition.
struct Comparison {
  std::string_view name;  // "StringLessThanEqualsPath"
  Test test;
  Order order;
  bool by_path;
};
/// nullptr when there is no such operator.
const Comparison* find_comparison(std::string_view name);

struct Condition {
  Test test = Test::is_present;
  std::vector<Condition> children;  // all_of, any_of, negation
  Path variable;
  Order order = Order::equal;
  json::value expected;
  std::optional<Path> expected_path;
};

struct ChoiceRule {
  Condition condition;
  std::string next;
};

/// States.Runtime when a path leads nowhere (but for IsPresent). Values of another type than the
/// operator's do not match.
Result<bool> holds(const Condition& condition, const Scope& scope);

/// StringMatches: `*` is any text, `\*` an asterisk, `\\` a backslash.
bool matches_pattern(std::string_view text, std::string_view pattern);

}  // namespace trainyard::asl
