#include "asl/choice.hpp"

#include <gtest/gtest.h>

#include <set>

#include "asl/asl_testing.hpp"

namespace trainyard::asl {
namespace {

/// The state that a Choice over `rule` goes to ("yes", "no"), or the error.
std::string choose(const std::string& rule, const std::string& input) {
  std::string with_next = rule;
  with_next.insert(with_next.rfind('}'), R"(,"Next":"yes")");
  Runner run(R"({"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[)" + with_next +
                 R"(],"Default":"no"},"yes":{"Type":"Succeed"},"no":{"Type":"Succeed"}}})",
             input);
  run.go();
  const HistoryEvent& event = run.history.at(run.history.size() - 2);
  std::string error = run.last("ExecutionFailed");
  return error.empty() ? to_std(event.details.at("name").as_string()) : error;
}

struct Case {
  const char* name;      // of the operator
  const char* expected;  // JSON
  const char* yes;       // values that match, as a JSON array
  const char* no;        // values that do not
};

constexpr Case kCases[] = {
    {"StringEquals", R"("m")", R"(["m"])", R"(["n","M",1,null,["m"]])"},
    {"StringLessThan", R"("m")", R"(["a","L",""])", R"(["m","z",0])"},
    {"StringGreaterThan", R"("m")", R"(["z","mm"])", R"(["m","a",9])"},
    {"StringLessThanEquals", R"("m")", R"(["a","m"])", R"(["z",1])"},
    {"StringGreaterThanEquals", R"("m")", R"(["z","m"])", R"(["a",1])"},
    {"NumericEquals", "5", "[5,5.0]", R"([4,5.5,"5",true])"},
    {"NumericLessThan", "5", "[4,4.9,-1]", R"([5,6,"4"])"},
    {"NumericGreaterThan", "5", "[6,5.1]", R"([5,4,"6"])"},
    {"NumericLessThanEquals", "5", "[5,4,5.0]", R"([6,5.1,"4"])"},
    {"NumericGreaterThanEquals", "5", "[5,6]", R"([4,4.99,"6"])"},
    {"BooleanEquals", "true", "[true]", R"([false,"true",1])"},
    {"TimestampEquals", R"("2020-01-01T00:00:00Z")",
     R"(["2020-01-01T00:00:00Z","2020-01-01T01:00:00+01:00","2020-01-01T00:00:00.000Z"])",
     R"(["2020-01-01T00:00:01Z","soon",1577836800])"},
    {"TimestampLessThan", R"("2020-01-01T00:00:00Z")", R"(["2019-12-31T23:59:59Z"])",
     R"(["2020-01-01T00:00:00Z","2021-01-01T00:00:00Z","a"])"},
    {"TimestampGreaterThan", R"("2020-01-01T00:00:00Z")", R"(["2020-01-01T00:00:00.001Z"])",
     R"(["2020-01-01T00:00:00Z","2019-01-01T00:00:00Z"])"},
    {"TimestampLessThanEquals", R"("2020-01-01T00:00:00Z")",
     R"(["2020-01-01T00:00:00Z","2019-01-01T00:00:00Z"])", R"(["2020-01-01T00:00:01Z"])"},
    {"TimestampGreaterThanEquals", R"("2020-01-01T00:00:00Z")",
     R"(["2020-01-01T00:00:00Z","2021-01-01T00:00:00Z"])", R"(["2019-01-01T00:00:01Z"])"},
    {"StringMatches", R"("log-*.txt")", R"(["log-.txt","log-a.b.txt"])",
     R"(["log-a.txt2","Log-a.txt",1])"},
    {"IsNull", "true", "[null]", R"([0,"",false,{}])"},
    {"IsNull", "false", R"([0,""])", "[null]"},
    {"IsNumeric", "true", "[0,1.5]", R"(["1",null,true])"},
    {"IsString", "true", R"(["",  "a"])", "[1,null,[]]"},
    {"IsBoolean", "true", "[true,false]", R"(["true",0])"},
    {"IsTimestamp", "true", R"(["2020-01-01T00:00:00Z"])", R"(["2020-01-01","now",1])"},
    {"IsPresent", "true", R"([null,0,""])", "[]"},
    {"IsPresent", "false", "[]", "[null,0]"},
};

void check(const Case& test, const std::string& name, const std::string& expected) {
  std::string rule = R"({"Variable":"$.v",")" + name + "\":" + expected + "}";
  for (bool yes : {true, false}) {
    auto values = *parse_json(yes ? test.yes : test.no);
    for (const auto& value : values.as_array()) {
      std::string input = R"({"e":)" + std::string(test.expected) + ",\"v\":" + dump(value) + "}";
      EXPECT_EQ(choose(rule, input), yes ? "yes" : "no") << rule << input;
    }
  }
}

TEST(Choice, EveryComparison) {
  for (const Case& test : kCases) {
    check(test, test.name, test.expected);
    std::string by_path = std::string(test.name) + "Path";
    if (find_comparison(by_path)) check(test, by_path, "\"$.e\"");
  }
}

TEST(Choice, EveryOperatorIsInTheTable) {
  std::set<std::string> names;
  for (const Case& test : kCases) names.insert(test.name);
  EXPECT_EQ(names.size(), 23u);
  int by_path = 0;
  for (const auto& name : names) {
    EXPECT_NE(find_comparison(name), nullptr) << name;
    by_path += find_comparison(name + "Path") != nullptr;
  }
  EXPECT_EQ(by_path, 16);
  EXPECT_EQ(find_comparison("StringMatchesPath"), nullptr);
}

TEST(Choice, Combinations) {
  const std::string a = R"({"Variable":"$.a","BooleanEquals":true})";
  const std::string b = R"({"Variable":"$.b","BooleanEquals":true})";
  for (bool x : {false, true}) {
    for (bool y : {false, true}) {
      std::string input = dump(json::object{{"a", x}, {"b", y}});
      auto expect = [&](const std::string& rule, bool yes) {
        EXPECT_EQ(choose(rule, input), yes ? "yes" : "no") << rule << input;
      };
      expect(R"({"And":[)" + a + "," + b + "]}", x && y);
      expect(R"({"Or":[)" + a + "," + b + "]}", x || y);
      expect(R"({"Not":)" + a + "}", !x);
      expect(R"({"Not":{"Or":[{"Not":)" + a + "},{\"And\":[" + a + "," + b + "]}]}}",
             !(!x || (x && y)));
    }
  }
  // And and Or look no further than they must.
  EXPECT_EQ(
      choose(R"({"And":[{"Variable":"$.x","IsPresent":true},{"Variable":"$.x","IsNull":true}]})",
             "{}"),
      "no");
  EXPECT_NE(choose(R"({"And":[{"Variable":"$.x","IsNull":true}]})", "{}").find("States.Runtime"),
            std::string::npos);
  EXPECT_NE(choose(R"({"Variable":"$.a","StringEqualsPath":"$.b"})", R"({"a":"x"})")
                .find("Invalid path '$.b'"),
            std::string::npos);
}

TEST(Choice, Patterns) {
  struct {
    const char *text, *pattern;
    bool matches;
  } kPatterns[] = {
      {"abc", "abc", true},     {"abc", "a*", true},       {"abc", "*c", true},
      {"abc", "*b*", true},     {"abc", "a*d", false},     {"", "*", true},
      {"", "", true},           {"a", "", false},          {"abcbcd", "a*bcd", true},
      {"a*c", R"(a\*c)", true}, {"abc", R"(a\*c)", false}, {R"(a\c)", R"(a\\c)", true},
      {"aaa", "*a*a*a*", true}, {"aa", "*a*a*a*", false},  {"x*", R"(*\*)", true},
      {R"(a\)", R"(a\)", true},
  };
  for (const auto& test : kPatterns) {
    EXPECT_EQ(matches_pattern(test.text, test.pattern), test.matches)
        << test.text << " " << test.pattern;
  }
}

}  // namespace
}  // namespace trainyard::asl
