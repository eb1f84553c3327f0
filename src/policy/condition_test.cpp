#include "policy/condition.hpp"

#include <gtest/gtest.h>

namespace trainyard::policy {
namespace {

using Values = std::vector<std::string>;

/// The request of every row: what a key means stands in its name.
Context request() {
  Context context;
  context.set("text", "Alice");
  context.set("arn", "arn:aws:states:us-east-1:123456789012:stateMachine:m");
  context.set("number", "10");
  context.set("odd", "ten");
  context.set("time", "2026-05-01T12:00:00Z");
  context.set("yes", "true");
  context.set("bytes", "aGk=");
  context.set("ip", "203.0.113.77");
  context.set("ip6", "2001:db8::5");
  context.set("many", Values{"a", "b"});
  context.set("aws:username", "alice");
  return context;
}

bool holds(std::string_view op, const std::string& key, const Values& values,
           bool gap = false) {
  auto parsed = parse_operator(op);
  EXPECT_TRUE(parsed.has_value()) << op;
  Condition condition{parsed.value(), key, {}};
  for (const auto& value : values) condition.values.emplace_back(value, true);
  return policy::holds(condition, request(), gap);
}

struct Row {
  const char* op;
  const char* key;
  Values values;
  bool holds;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    EXPECT_EQ(holds(row.op, row.key, row.values), row.holds)
        << row.op << " " << row.key << " " << (row.values.empty() ? "" : row.values[0]);
  }
}

TEST(Condition, Strings) {
  check({{"StringEquals", "text", {"Alice"}, true},
         {"StringEquals", "TEXT", {"Alice"}, true},
         {"StringEquals", "text", {"alice"}, false},
         {"StringEquals", "text", {"Al*"}, false},
         {"StringEquals", "text", {"Bob", "Alice"}, true},
         {"StringEquals", "text", {}, false},
         {"StringNotEquals", "text", {"Alice", "Bob"}, false},
         {"StringNotEquals", "text", {"Bob", "Carol"}, true},
         {"StringEqualsIgnoreCase", "text", {"aLICE"}, true},
         {"StringEqualsIgnoreCase", "text", {"${aws:username}"}, true},
         {"StringNotEqualsIgnoreCase", "text", {"aLICE"}, false},
         {"StringNotEqualsIgnoreCase", "text", {"bob"}, true},
         {"StringLike", "text", {"A*e"}, true},
         {"StringLike", "text", {"a*"}, false},
         {"StringLike", "text", {"?????"}, true},
         {"StringNotLike", "text", {"A*"}, false},
         {"StringNotLike", "text", {"B*"}, true}});
}

TEST(Condition, Arns) {
  const char* kLike = "arn:aws:states:*:123456789012:stateMachine:*";
  for (const char* op : {"ArnEquals", "ArnLike"}) {
    check({{op, "arn", {kLike}, true},
           {op, "arn", {"*"}, true},
           {op, "arn", {"arn:aws:states:us-east-1:123456789012:stateMachine:m"}, true},
           {op, "arn", {"arn:aws:states:*:stateMachine:m"}, false},  // '*' stays in its part
           {op, "arn", {"arn:aws:s3:*:*:*"}, false},
           {op, "text", {kLike}, false}});
  }
  check({{"ArnNotEquals", "arn", {kLike}, false},
         {"ArnNotLike", "arn", {kLike}, false},
         {"ArnNotLike", "arn", {"arn:aws:s3:*:*:*"}, true}});
}

TEST(Condition, NumbersAndDates) {
  check({{"NumericEquals", "number", {"10.0"}, true},
         {"NumericEquals", "odd", {"10"}, false},
         {"NumericEquals", "number", {"ten"}, false},
         {"NumericNotEquals", "number", {"10"}, false},
         {"NumericNotEquals", "number", {"9"}, true},
         {"NumericLessThan", "number", {"10"}, false},
         {"NumericLessThan", "number", {"10.5"}, true},
         {"NumericLessThanEquals", "number", {"10"}, true},
         {"NumericGreaterThan", "number", {"10"}, false},
         {"NumericGreaterThan", "number", {"-1e1"}, true},
         {"NumericGreaterThanEquals", "number", {"10"}, true},
         {"NumericGreaterThan", "number", {"nan"}, false},
         {"DateEquals", "time", {"2026-05-01T14:00:00+02:00"}, true},
         {"DateEquals", "time", {"1777636800"}, true},
         {"DateNotEquals", "time", {"2026-05-01"}, true},
         {"DateLessThan", "time", {"2026-05-02"}, true},
         {"DateLessThan", "time", {"2026-05-01T12:00:00Z"}, false},
         {"DateLessThanEquals", "time", {"2026-05-01T12:00:00Z"}, true},
         {"DateGreaterThan", "time", {"2026-05-01"}, true},
         {"DateGreaterThan", "time", {"tomorrow"}, false},
         {"DateGreaterThanEquals", "time", {"2026-05-01T12:00:01Z"}, false}});
}

TEST(Condition, BooleansBytesAddressesAndNull) {
  check({{"Bool", "yes", {"true"}, true},
         {"Bool", "yes", {"TRUE"}, true},
         {"Bool", "yes", {"false"}, false},
         {"Bool", "text", {"Alice"}, false},
         {"BinaryEquals", "bytes", {"aGk="}, true},
         {"BinaryEquals", "bytes", {"aGo="}, false},
         {"BinaryEquals", "bytes", {"%%"}, false},
         {"IpAddress", "ip", {"203.0.113.0/24"}, true},
         {"IpAddress", "ip", {"203.0.113.77"}, true},
         {"IpAddress", "ip", {"203.0.113.64/28"}, true},
         {"IpAddress", "ip", {"203.0.113.64/29"}, false},
         {"IpAddress", "ip", {"0.0.0.0/0"}, true},
         {"IpAddress", "ip", {"203.0.113.0/33"}, false},
         {"IpAddress", "ip", {"203.0.113/24"}, false},
         {"IpAddress", "ip", {"::/0"}, false},
         {"IpAddress", "ip6", {"2001:db8::/32"}, true},
         {"IpAddress", "ip6", {"2001:db9::/32"}, false},
         {"IpAddress", "text", {"0.0.0.0/0"}, false},
         {"NotIpAddress", "ip", {"203.0.113.0/24"}, false},
         {"NotIpAddress", "ip", {"10.0.0.0/8"}, true},
         {"Null", "text", {"true"}, false},
         {"Null", "text", {"false"}, true},
         {"Null", "none", {"true"}, true},
         {"Null", "none", {"false"}, false}});
}

TEST(Condition, MissingKeys) {
  struct {
    const char* op;
    bool alone, if_exists;
  } rows[] = {{"StringEquals", false, true},    {"StringNotEquals", true, true},
              {"StringLike", false, true},      {"StringNotLike", true, true},
              {"ArnLike", false, true},         {"ArnNotLike", true, true},
              {"NumericLessThan", false, true}, {"NumericNotEquals", true, true},
              {"DateEquals", false, true},      {"Bool", false, true},
              {"BinaryEquals", false, true},    {"IpAddress", false, true},
              {"NotIpAddress", true, true}};
  for (const auto& row : rows) {
    std::string op = row.op;
    EXPECT_EQ(holds(op, "none", {"x"}), row.alone) << op;
    EXPECT_EQ(holds(op + "IfExists", "none", {"x"}), row.if_exists) << op;
    EXPECT_TRUE(holds("ForAllValues:" + op, "none", {"x"})) << op;
    EXPECT_FALSE(holds("ForAnyValue:" + op, "none", {"x"})) << op;
    EXPECT_TRUE(holds("ForAnyValue:" + op + "IfExists", "none", {"x"})) << op;
  }
}

TEST(Condition, MissingVariables) {
  check({{"StringEquals", "text", {"${none}"}, false},
         {"StringEquals", "text", {"${none}", "Alice"}, true},
         {"StringNotEquals", "text", {"${none}"}, false},  // a gap never allows
         {"StringNotLike", "text", {"${none}*"}, false},
         {"StringNotEquals", "text", {"${none, 'x'}"}, true}});
  EXPECT_TRUE(holds("StringNotEquals", "text", {"${none}"}, true));
  EXPECT_FALSE(holds("StringEquals", "text", {"${none}"}, true));
}

TEST(Condition, Quantifiers) {
  check({{"ForAllValues:StringEquals", "many", {"a", "b", "c"}, true},
         {"ForAllValues:StringEquals", "many", {"a", "c"}, false},
         {"ForAnyValue:StringEquals", "many", {"b", "c"}, true},
         {"ForAnyValue:StringEquals", "many", {"c"}, false},
         {"ForAllValues:StringNotEquals", "many", {"c", "d"}, true},
         {"ForAllValues:StringNotEquals", "many", {"b"}, false},
         {"ForAnyValue:StringNotEquals", "many", {"a"}, true},
         {"ForAnyValue:StringNotEquals", "many", {"a", "b"}, false},
         {"ForAllValues:StringLike", "many", {"?"}, true},
         {"StringEquals", "many", {"b"}, true},
         {"StringNotEquals", "many", {"b"}, false}});
}

TEST(Condition, NegationIsTheOpposite) {
  std::pair<const char*, const char*> pairs[] = {
      {"StringEquals", "StringNotEquals"},   {"StringLike", "StringNotLike"},
      {"ArnLike", "ArnNotLike"},             {"NumericEquals", "NumericNotEquals"},
      {"DateEquals", "DateNotEquals"},       {"IpAddress", "NotIpAddress"},
      {"StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"}, {"ArnEquals", "ArnNotEquals"}};
  for (auto [op, negated] : pairs) {
    for (const char* key : {"text", "arn", "number", "odd", "time", "ip", "many", "none"}) {
      for (const char* value : {"Alice", "*", "10", "203.0.113.77", "a", "2026-05-01T12:00:00Z"}) {
        EXPECT_NE(holds(op, key, {value}), holds(negated, key, {value})) << op << key << value;
      }
    }
  }
}

TEST(Condition, UnknownOperators) {
  for (const char* name : {"", "stringEquals", "StringEqual", "ForSomeValues:StringEquals",
                           "NullIfExists", "ForAnyValue:Null", "IfExists", "NumericLike"}) {
    EXPECT_FALSE(parse_operator(name).has_value()) << name;
  }
}

}  // namespace

}  // namespace trainyard::policy
