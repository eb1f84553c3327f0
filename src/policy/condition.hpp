// Condition blocks (IAM User Guide, "IAM JSON policy elements: Condition operators").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/pattern.hpp"

namespace trainyard::policy {

enum class Test {
  equals, equals_any_case, like, arn,
  number_equals, number_less, number_less_equals, number_greater, number_greater_equals,
  date_equals, date_less, date_less_equals, date_greater, date_greater_equals,
  boolean, binary, address, null,
};

enum class Quantifier { none, for_all_values, for_any_value };

/// "ForAnyValue:StringNotLikeIfExists" taken apart.
struct Operator {
  Test test = Test::equals;
  bool negated = false;
  bool if_exists = false;
  Quantifier quantifier = Quantifier::none;
};

/// nullopt for a name that is no operator.
std::optional<Operator> parse_operator(std::string_view name);

/// One key under one operator.
struct Condition {
  Operator op;
  std::string key;
  std::vector<Pattern> values;
};

/// Whether the request fulfils it. A key that the request lacks fulfils negated operators,
/// …IfExists and ForAllValues:, and nothing else. A value whose variable the request lacks equals
/// nothing; a negated operator then answers `gap`: false where the statement allows, true where it
/// denies, so that a gap never opens anything.
bool holds(const Condition& condition, const Context& context, bool gap);

}  // namespace trainyard::policy
