#include "sdk/choice_rule.hpp"

#include "base/error.hpp"

namespace trainyard::sdk {
namespace {

json::array members_of(const std::vector<Rule>& rules) {
  json::array array;
  for (const Rule& rule : rules) array.push_back(rule.members());
  return array;
}

}  // namespace

NumberOperand::NumberOperand(double number) : Operand(as_written(number)) {}

TimestampOperand::TimestampOperand(const std::string& text) : Operand(json::value(text)) {
  Time time;
  if (!parse_iso8601(text, time)) {
    throw SystemError("a rule compares with a time such as 2026-11-29T08:00:00Z, not " + text);
  }
}

Rule Rule::compare(const Path& variable, const std::string& comparison, json::value value) {
  return Rule(json::object{{"Variable", variable.text()}, {comparison, std::move(value)}});
}

Rule Rule::with(const Path& variable, const char* comparison, const Operand& operand) {
  return compare(variable, std::string(comparison) + (operand.is_path() ? "Path" : ""),
                 operand.value());
}

Rule Rule::string_equals(const Path& variable, const TextOperand& operand) {
  return with(variable, "StringEquals", operand);
}

Rule Rule::string_less_than(const Path& variable, const TextOperand& operand) {
  return with(variable, "StringLessThan", operand);
}

Rule Rule::string_less_than_equals(const Path& variable, const TextOperand& operand) {
  return with(variable, "StringLessThanEquals", operand);
}

Rule Rule::string_greater_than(const Path& variable, const TextOperand& operand) {
  return with(variable, "StringGreaterThan", operand);
}

Rule Rule::string_greater_than_equals(const Path& variable, const TextOperand& operand) {
  return with(variable, "StringGreaterThanEquals", operand);
}

Rule Rule::string_matches(const Path& variable, const std::string& pattern) {
  return compare(variable, "StringMatches", json::value(pattern));
}

Rule Rule::numeric_equals(const Path& variable, const NumberOperand& operand) {
  return with(variable, "NumericEquals", operand);
}

Rule Rule::numeric_less_than(const Path& variable, const NumberOperand& operand) {
  return with(variable, "NumericLessThan", operand);
}

Rule Rule::numeric_less_than_equals(const Path& variable, const NumberOperand& operand) {
  return with(variable, "NumericLessThanEquals", operand);
}

Rule Rule::numeric_greater_than(const Path& variable, const NumberOperand& operand) {
  return with(variable, "NumericGreaterThan", operand);
}

Rule Rule::numeric_greater_than_equals(const Path& variable, const NumberOperand& operand) {
  return with(variable, "NumericGreaterThanEquals", operand);
}

Rule Rule::boolean_equals(const Path& variable, const BooleanOperand& operand) {
  return with(variable, "BooleanEquals", operand);
}

Rule Rule::timestamp_equals(const Path& variable, const TimestampOperand& operand) {
  return with(variable, "TimestampEquals", operand);
}

Rule Rule::timestamp_less_than(const Path& variable, const TimestampOperand& operand) {
  return with(variable, "TimestampLessThan", operand);
}

Rule Rule::timestamp_less_than_equals(const Path& variable, const TimestampOperand& operand) {
  return with(variable, "TimestampLessThanEquals", operand);
}

Rule Rule::timestamp_greater_than(const Path& variable, const TimestampOperand& operand) {
  return with(variable, "TimestampGreaterThan", operand);
}

Rule Rule::timestamp_greater_than_equals(const Path& variable,
                                         const TimestampOperand& operand) {
  return with(variable, "TimestampGreaterThanEquals", operand);
}

Rule Rule::is_present(const Path& variable, bool value) {
  return compare(variable, "IsPresent", value);
}

Rule Rule::is_null(const Path& variable, bool value) {
  return compare(variable, "IsNull", value);
}

Rule Rule::is_string(const Path& variable, bool value) {
  return compare(variable, "IsString", value);
}

Rule Rule::is_numeric(const Path& variable, bool value) {
  return compare(variable, "IsNumeric", value);
}

Rule Rule::is_boolean(const Path& variable, bool value) {
  return compare(variable, "IsBoolean", value);
}

Rule Rule::is_timestamp(const Path& variable, bool value) {
  return compare(variable, "IsTimestamp", value);
}

Rule Rule::all(const std::vector<Rule>& rules) {
  return Rule(json::object{{"And", members_of(rules)}});
}

Rule Rule::any(const std::vector<Rule>& rules) {
  return Rule(json::object{{"Or", members_of(rules)}});
}

Rule Rule::negated(const Rule& rule) {
  return Rule(json::object{{"Not", rule.members()}});
}

}  // namespace trainyard::sdk
