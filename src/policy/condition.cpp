#include "policy/condition.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include <arpa/inet.h>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

namespace trainyard::policy {
namespace {

struct Named {
  std::string_view name;
  Test test;
  bool negated;
};

constexpr Named kOperators[] = {
    {"StringEquals", Test::equals, false},
    {"StringNotEquals", Test::equals, true},
    {"StringEqualsIgnoreCase", Test::equals_any_case, false},
    {"StringNotEqualsIgnoreCase", Test::equals_any_case, true},
    {"StringLike", Test::like, false},
    {"StringNotLike", Test::like, true},
    {"ArnEquals", Test::arn, false},  // wildcards too: both spellings do the same
    {"ArnLike", Test::arn, false},
    {"ArnNotEquals", Test::arn, true},
    {"ArnNotLike", Test::arn, true},
    {"NumericEquals", Test::number_equals, false},
    {"NumericNotEquals", Test::number_equals, true},
    {"NumericLessThan", Test::number_less, false},
    {"NumericLessThanEquals", Test::number_less_equals, false},
    {"NumericGreaterThan", Test::number_greater, false},
    {"NumericGreaterThanEquals", Test::number_greater_equals, false},
    {"DateEquals", Test::date_equals, false},
    {"DateNotEquals", Test::date_equals, true},
    {"DateLessThan", Test::date_less, false},
    {"DateLessThanEquals", Test::date_less_equals, false},
    {"DateGreaterThan", Test::date_greater, false},
    {"DateGreaterThanEquals", Test::date_greater_equals, false},
    {"Bool", Test::boolean, false},
    {"BinaryEquals", Test::binary, false},
    {"IpAddress", Test::address, false},
    {"NotIpAddress", Test::address, true},
    {"Null", Test::null, false},
};

std::optional<double> number(std::string_view text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

/// Milliseconds: ISO 8601, with or without a time of day, or seconds since the epoch.
std::optional<double> date(std::string_view text) {
  constexpr std::size_t kDayLength = 10;  // 2026-01-31
  Time time;
  if (parse_iso8601(text, time)) return static_cast<double>(to_millis(time));
  if (text.size() == kDayLength && parse_iso8601(std::string(text) + "T00:00:00Z", time)) {
    return static_cast<double>(to_millis(time));
  }
  if (auto seconds = number(text)) return *seconds * 1000;
  return std::nullopt;
}

bool ordered(Test test, double actual, double wanted) {
  switch (test) {
    case Test::number_equals:
    case Test::date_equals: return actual == wanted;
    case Test::number_less:
    case Test::date_less: return actual < wanted;
    case Test::number_less_equals:
    case Test::date_less_equals: return actual <= wanted;
    case Test::number_greater:
    case Test::date_greater: return actual > wanted;
    case Test::number_greater_equals:
    case Test::date_greater_equals: return actual >= wanted;
    default: return false;
  }
}

/// An address of 4 or 16 bytes in network order; empty when malformed.
std::string address_bytes(std::string_view text) {
  std::string copy(text);
  unsigned char bytes[16];
  if (::inet_pton(AF_INET, copy.c_str(), bytes) == 1) {
    return std::string(reinterpret_cast<char*>(bytes), 4);
  }
  if (::inet_pton(AF_INET6, copy.c_str(), bytes) == 1) {
    return std::string(reinterpret_cast<char*>(bytes), 16);
  }
  return {};
}

bool in_block(std::string_view actual, std::string_view block) {
  auto slash = block.find('/');
  std::string network = address_bytes(block.substr(0, slash));
  std::string address = address_bytes(actual);
  if (network.empty() || network.size() != address.size()) return false;
  unsigned bits = static_cast<unsigned>(network.size() * 8);
  if (slash != std::string_view::npos) {
    std::string_view length = block.substr(slash + 1);
    unsigned wanted = 0;
    auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), wanted);
    if (error != std::errc() || end != length.data() + length.size() || wanted > bits) return false;
    bits = wanted;
  }
  if (std::memcmp(address.data(), network.data(), bits / 8) != 0) return false;
  if (bits % 8 == 0) return true;
  unsigned char mask = static_cast<unsigned char>(0xff << (8 - bits % 8));
  return ((address[bits / 8] ^ network[bits / 8]) & mask) == 0;
}

/// The first five colons part; what follows is the resource.
template <class Text>
std::vector<Text> arn_parts(Text text) {
  std::vector<Text> parts;
  while (parts.size() < 5) {
    auto colon = text.find(':');
    if (colon == Text::npos) break;
    parts.push_back(text.substr(0, colon));
    text = text.substr(colon + 1);
  }
  parts.push_back(text);
  return parts;
}

/// Each of the six parts on its own, so that no '*' reaches over a colon.
bool arn_matches(std::string_view actual, const Tokens& pattern) {
  auto wanted = arn_parts(pattern);
  if (wanted.size() == 1) return Glob(pattern).matches(actual);  // "*"
  auto parts = arn_parts(actual);
  if (parts.size() != 6 || wanted.size() != 6) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!Glob(wanted[i]).matches(parts[i])) return false;
  }
  return true;
}

bool is_boolean(std::string_view text) { return iequals(text, "true") || iequals(text, "false"); }

bool passes(Test test, const std::string& actual, const Pattern& pattern, const Context& context) {
  if (test == Test::like) return pattern.matches(actual, context);
  if (test == Test::arn) {
    auto tokens = pattern.tokens(context);
    return tokens && arn_matches(actual, *tokens);
  }
  auto wanted = pattern.text(context);
  if (!wanted) return false;
  switch (test) {
    case Test::equals: return actual == *wanted;
    case Test::equals_any_case: return iequals(actual, *wanted);
    case Test::boolean:
      return is_boolean(actual) && is_boolean(*wanted) && iequals(actual, *wanted);
    case Test::binary: {
      auto bytes = unbase64(*wanted);
      return bytes && bytes == unbase64(actual);
    }
    case Test::address: return in_block(actual, *wanted);
    default: break;
  }
  bool dates = test >= Test::date_equals && test <= Test::date_greater_equals;
  auto left = dates ? date(actual) : number(actual);
  auto right = dates ? date(*wanted) : number(*wanted);
  return left && right && ordered(test, *left, *right);
}

}  // namespace

std::optional<Operator> parse_operator(std::string_view name) {
  constexpr std::string_view kAll = "ForAllValues:", kAny = "ForAnyValue:", kExists = "IfExists";
  Operator op;
  if (name.starts_with(kAll)) {
    op.quantifier = Quantifier::for_all_values;
    name.remove_prefix(kAll.size());
  } else if (name.starts_with(kAny)) {
    op.quantifier = Quantifier::for_any_value;
    name.remove_prefix(kAny.size());
  }
  if (name.ends_with(kExists)) {
    op.if_exists = true;
    name.remove_suffix(kExists.size());
  }
  for (const Named& known : kOperators) {
    if (known.name != name) continue;
    op.test = known.test;
    op.negated = known.negated;
    // Null asks about existence itself.
    if (op.test == Test::null && (op.if_exists || op.quantifier != Quantifier::none)) break;
    return op;
  }
  return std::nullopt;
}

bool holds(const Condition& condition, const Context& context, bool gap) {
  const Operator& op = condition.op;
  const auto* actual = context.find(condition.key);
  auto& values = condition.values;
  if (op.test == Test::null) {
    std::string_view missing = actual == nullptr ? "true" : "false";
    return std::any_of(values.begin(), values.end(),
                       [&](const Pattern& value) { return iequals(value.source(), missing); });
  }
  if (actual == nullptr) {
    if (op.quantifier == Quantifier::for_all_values) return true;
    if (op.quantifier == Quantifier::for_any_value) return op.if_exists;
    return op.if_exists || op.negated;
  }
  if (op.negated && !std::all_of(values.begin(), values.end(), [&](const Pattern& value) {
        return value.resolves(context);
      })) {
    return gap;
  }
  auto fits = [&](const std::string& value) {
    bool any = std::any_of(values.begin(), values.end(), [&](const Pattern& pattern) {
      return passes(op.test, value, pattern, context);
    });
    return any != op.negated;
  };
  // Without a quantifier a key is meant to have one value; with several, a negated operator must
  // not pass because of one of them.
  bool all = op.quantifier == Quantifier::for_all_values ||
             (op.quantifier == Quantifier::none && op.negated);
  return all ? std::all_of(actual->begin(), actual->end(), fits)
             : std::any_of(actual->begin(), actual->end(), fits);
}

}  // namespace trainyard::policy
