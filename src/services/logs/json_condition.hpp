// PURE: the condition of a JSON filter pattern as a tree.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hpp"
#include "policy/glob.hpp"

namespace trainyard::logs {

enum class Test { equal, different, less, less_equal, greater, greater_equal, is_null, is_true,
                  is_false, missing };

/// $.a.b[0]: member names and positions.
using Selector = std::vector<std::variant<std::string, std::size_t>>;

struct JsonCondition {
  enum class Kind { test, all, any } kind = Kind::test;
  std::vector<JsonCondition> parts;  // of all and any
  Selector selector;
  Test test = Test::equal;
  std::optional<double> number;      // unless it is quoted or is none
  std::optional<policy::Glob> text;  // of tests against a value; '*' stands for any text
};

/// What stands between '{' and '}'. ApiError InvalidParameterException when it is malformed.
JsonCondition parse_json_condition(std::string_view text);

bool holds(const JsonCondition& condition, const json::value& message);

}  // namespace trainyard::logs
