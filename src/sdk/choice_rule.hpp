// Conditions of Choice states.
#pragma once

#include <concepts>
#include <string>
#include <type_traits>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "sdk/placeholder.hpp"

namespace trainyard::sdk {

/// What a variable is compared with: a value, or a placeholder, which makes the operator its twin:
/// NumericEquals becomes NumericEqualsPath.
class Operand {
 public:
  const json::value& value() const { return value_; }
  bool is_path() const { return is_path_; }

 protected:
  explicit Operand(json::value value) : value_(std::move(value)) {}
  explicit Operand(const Placeholder& placeholder)
      : value_(json::string(placeholder.path())), is_path_(true) {}

 private:
  json::value value_;
  bool is_path_ = false;
};

struct TextOperand : Operand {
  TextOperand(const char* text) : Operand(json::value(text)) {}
  TextOperand(const std::string& text) : Operand(json::value(text)) {}
  TextOperand(const Placeholder& placeholder) : Operand(placeholder) {}
};

struct NumberOperand : Operand {
  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  NumberOperand(Number number) : Operand(json::value(number)) {}
  NumberOperand(double number);
  NumberOperand(const Placeholder& placeholder) : Operand(placeholder) {}
};

struct BooleanOperand : Operand {
  template <std::same_as<bool> Boolean>
  BooleanOperand(Boolean value) : Operand(json::value(value)) {}
  BooleanOperand(const Placeholder& placeholder) : Operand(placeholder) {}
};

/// Text is written as it is; SystemError unless it is an RFC 3339 time.
struct TimestampOperand : Operand {
  TimestampOperand(Time time) : Operand(json::value(iso8601(time))) {}
  TimestampOperand(const char* text) : TimestampOperand(std::string(text)) {}
  TimestampOperand(const std::string& text);
  TimestampOperand(const Placeholder& placeholder) : Operand(placeholder) {}
};

/// A condition of a Choice.
///
///   Rule::all({Rule::numeric_greater_than("$.n", 3), Rule::is_present("$.name")})
///   Rule::string_equals("$.name", StepInput()["expected"])
class Rule {
 public:
  /// Any comparison of the States Language, as it is written: compare("$.n", "NumericEquals", 3).
  static Rule compare(const Path& variable, const std::string& comparison, json::value value);

  static Rule string_equals(const Path& variable, const TextOperand& operand);
  static Rule string_less_than(const Path& variable, const TextOperand& operand);
  static Rule string_less_than_equals(const Path& variable, const TextOperand& operand);
  static Rule string_greater_than(const Path& variable, const TextOperand& operand);
  static Rule string_greater_than_equals(const Path& variable, const TextOperand& operand);
  /// '*' stands for any characters, "\\*" for a star. Has no twin.
  static Rule string_matches(const Path& variable, const std::string& pattern);

  static Rule numeric_equals(const Path& variable, const NumberOperand& operand);
  static Rule numeric_less_than(const Path& variable, const NumberOperand& operand);
  static Rule numeric_less_than_equals(const Path& variable, const NumberOperand& operand);
  static Rule numeric_greater_than(const Path& variable, const NumberOperand& operand);
  static Rule numeric_greater_than_equals(const Path& variable, const NumberOperand& operand);

  static Rule boolean_equals(const Path& variable, const BooleanOperand& operand);

  static Rule timestamp_equals(const Path& variable, const TimestampOperand& operand);
  static Rule timestamp_less_than(const Path& variable, const TimestampOperand& operand);
  static Rule timestamp_less_than_equals(const Path& variable,
                                         const TimestampOperand& operand);
  static Rule timestamp_greater_than(const Path& variable, const TimestampOperand& operand);
  static Rule timestamp_greater_than_equals(const Path& variable,
                                            const TimestampOperand& operand);

  static Rule is_present(const Path& variable, bool value = true);
  static Rule is_null(const Path& variable, bool value = true);
  static Rule is_string(const Path& variable, bool value = true);
  static Rule is_numeric(const Path& variable, bool value = true);
  static Rule is_boolean(const Path& variable, bool value = true);
  static Rule is_timestamp(const Path& variable, bool value = true);

  static Rule all(const std::vector<Rule>& rules);
  static Rule any(const std::vector<Rule>& rules);
  static Rule negated(const Rule& rule);

  const json::object& members() const { return members_; }

 private:
  explicit Rule(json::object members) : members_(std::move(members)) {}
  static Rule with(const Path& variable, const char* comparison, const Operand& operand);

  json::object members_;
};

}  // namespace trainyard::sdk
