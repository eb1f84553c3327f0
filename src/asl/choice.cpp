#include "asl/choice.hpp"

#include <algorithm>

#include "base/clock.hpp"

namespace trainyard::asl {
namespace {

constexpr Comparison kComparisons[] = {
    {"StringEquals", Test::string, Order::equal, false},
    {"StringLessThan", Test::string, Order::less, false},
    {"StringGreaterThan", Test::string, Order::greater, false},
    {"StringLessThanEquals", Test::string, Order::at_most, false},
    {"StringGreaterThanEquals", Test::string, Order::at_least, false},
    {"NumericEquals", Test::numeric, Order::equal, false},
    {"NumericLessThan", Test::numeric, Order::less, false},
    {"NumericGreaterThan", Test::numeric, Order::greater, false},
    {"NumericLessThanEquals", Test::numeric, Order::at_most, false},
    {"NumericGreaterThanEquals", Test::numeric, Order::at_least, false},
    {"BooleanEquals", Test::boolean, Order::equal, false},
    {"TimestampEquals", Test::timestamp, Order::equal, false},
    {"TimestampLessThan", Test::timestamp, Order::less, false},
    {"TimestampGreaterThan", Test::timestamp, Order::greater, false},
    {"TimestampLessThanEquals", Test::timestamp, Order::at_most, false},
    {"TimestampGreaterThanEquals", Test::timestamp, Order::at_least, false},
    {"StringEqualsPath", Test::string, Order::equal, true},
    {"StringLessThanPath", Test::string, Order::less, true},
    {"StringGreaterThanPath", Test::string, Order::greater, true},
    {"StringLessThanEqualsPath", Test::string, Order::at_most, true},
    {"StringGreaterThanEqualsPath", Test::string, Order::at_least, true},
    {"NumericEqualsPath", Test::numeric, Order::equal, true},
    {"NumericLessThanPath", Test::numeric, Order::less, true},
    {"NumericGreaterThanPath", Test::numeric, Order::greater, true},
    {"NumericLessThanEqualsPath", Test::numeric, Order::at_most, true},
    {"NumericGreaterThanEqualsPath", Test::numeric, Order::at_least, true},
    {"BooleanEqualsPath", Test::boolean, Order::equal, true},
    {"TimestampEqualsPath", Test::timestamp, Order::equal, true},
    {"TimestampLessThanPath", Test::timestamp, Order::less, true},
    {"TimestampGreaterThanPath", Test::timestamp, Order::greater, true},
    {"TimestampLessThanEqualsPath", Test::timestamp, Order::at_most, true},
    {"TimestampGreaterThanEqualsPath", Test::timestamp, Order::at_least, true},
    {"StringMatches", Test::matches, Order::equal, false},
    {"IsNull", Test::is_null, Order::equal, false},
    {"IsPresent", Test::is_present, Order::equal, false},
    {"IsNumeric", Test::is_numeric, Order::equal, false},
    {"IsString", Test::is_string, Order::equal, false},
    {"IsBoolean", Test::is_boolean, Order::equal, false},
    {"IsTimestamp", Test::is_timestamp, Order::equal, false},
};

template <class T>
bool in_order(Order order, const T& a, const T& b) {
  switch (order) {
    case Order::equal:
      return a == b;
    case Order::less:
      return a < b;
    case Order::greater:
      return b < a;
    case Order::at_most:
      return !(b < a);
    default:
      return !(a < b);
  }
}

std::optional<Time> time_of(const json::value& value) {
  Time time;
  if (!value.is_string() || !parse_iso8601(to_std(value.get_string()), time)) return std::nullopt;
  return time;
}

bool numbers_in_order(Order order, const json::value& a, const json::value& b) {
  if (a.is_int64() && b.is_int64()) return in_order(order, a.get_int64(), b.get_int64());
  return in_order(order, a.to_number<double>(), b.to_number<double>());
}

/// Steps of a pattern's search that count as a visit.
constexpr std::size_t kStepsPerVisit = 64;

/// A text against a pattern; at worst each place of one is tried with each of the other.
bool matches(const json::string& text, const json::string& pattern, Visits& visits) {
  visits.spend(text.size() * pattern.size() / kStepsPerVisit);
  return matches_pattern(to_std(text), to_std(pattern));
}

/// Whether `actual` stands to `expected` as the condition asks.
bool compare(const Condition& condition, const json::value& actual, const json::value& expected,
             Visits& visits) {
  switch (condition.test) {
    case Test::string:
      return actual.is_string() && expected.is_string() &&
             in_order(condition.order, actual.get_string(), expected.get_string());
    case Test::numeric:
      return actual.is_number() && expected.is_number() &&
             numbers_in_order(condition.order, actual, expected);
    case Test::boolean:
      return actual.is_bool() && expected.is_bool() && actual.get_bool() == expected.get_bool();
    case Test::timestamp: {
      auto a = time_of(actual), b = time_of(expected);
      return a && b && in_order(condition.order, *a, *b);
    }
    default:
      return actual.is_string() && expected.is_string() &&
             matches(actual.get_string(), expected.get_string(), visits);
  }
}

bool is_of_kind(Test test, const json::value& value) {
  switch (test) {
    case Test::is_null:
      return value.is_null();
    case Test::is_numeric:
      return value.is_number();
    case Test::is_string:
      return value.is_string();
    case Test::is_boolean:
      return value.is_bool();
    default:
      return time_of(value).has_value();
  }
}

Failure dead_path(const Path& path, std::string_view what) {
  return {std::string(kRuntime), "Invalid path '" + path.text() + "': The choice state's " +
                                     std::string(what) + " references an invalid value."};
}

Result<bool> combined(const Condition& condition, const Scope& scope) {
  bool stop_at = condition.test != Test::all_of;  // And ends at the first false, Or at a true
  for (const Condition& child : condition.children) {
    auto result = holds(child, scope);
    if (std::holds_alternative<Failure>(result)) return result;
    if (std::get<bool>(result) == stop_at) return condition.test != Test::negation && stop_at;
  }
  return condition.test == Test::negation || !stop_at;
}

}  // namespace

const Comparison* find_comparison(std::string_view name) {
  auto found = std::find_if(std::begin(kComparisons), std::end(kComparisons),
                            [&](const Comparison& row) { return row.name == name; });
  return found == std::end(kComparisons) ? nullptr : found;
}

bool matches_pattern(std::string_view text, std::string_view pattern) {
  // Greedy with one point of return: the last asterisk.
  std::size_t t = 0, p = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p + escaped] == text[t]) {
      p += 1 + escaped;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<bool> holds(const Condition& condition, const Scope& scope) {
  if (!condition.children.empty()) return combined(condition, scope);
  auto actual = condition.variable.find(scope);
  if (condition.test == Test::is_present) return actual.has_value() == condition.expected.as_bool();
  if (!actual) return dead_path(condition.variable, "condition path");
  if (condition.test >= Test::is_null) {
    return is_of_kind(condition.test, *actual) == condition.expected.as_bool();
  }
  if (!condition.expected_path) {
    return compare(condition, *actual, condition.expected, scope.visits);
  }
  auto expected = condition.expected_path->find(scope);
  if (!expected) return dead_path(*condition.expected_path, "comparison path");
  return compare(condition, *actual, *expected, scope.visits);
}

}  // namespace trainyard::asl
