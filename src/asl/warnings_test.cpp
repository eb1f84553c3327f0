#include "asl/warnings.hpp"

#include <gtest/gtest.h>

namespace trainyard::asl {
namespace {

/// "CODE at LOCATION" a line.
std::string warnings(const std::string& states) {
  std::string text;
  for (const Problem& problem : warnings_of(R"({"StartAt":"S","States":)" + states + "}")) {
    EXPECT_EQ(problem.severity, Problem::Severity::warning);
    text += problem.code + " at " + problem.location + "\n";
  }
  return text;
}

TEST(Warnings, OfEachKind) {
  struct {
    const char *states, *expected;
  } kCases[] = {
      {R"({"S":{"Type":"Pass","Parameters":{"a":"$.b"}}})", "NO_DOLLAR at /States/S/Parameters\n"},
      {R"({"S":{"Type":"Task","ResultSelector":{"a":[{"b":"$$.c"}]}}})",
       "NO_DOLLAR at /States/S/ResultSelector\n"},
      {R"x({"S":{"Type":"Map","ItemSelector":{"a":"States.UUID()"}}})x",
       "NO_DOLLAR at /States/S/ItemSelector\n"},
      {R"({"S":{"Type":"Pass","Parameters":{"a.$":"$.b","c":"$5","d":"States of","e":1}}})", ""},
      {R"({"S":{"Type":"Pass","Result":"$.a"}})", "PASS_RESULT_IS_STATIC at /States/S/Result\n"},
      {R"({"S":{"Type":"Pass","Result":{"a.$":"$.a","b":"c"}}})",
       "PASS_RESULT_IS_STATIC at /States/S/Result\n"},
      {R"({"S":{"Type":"Fail","Error":"$.e","Cause":"because"}})", "NO_PATH at /States/S/Error\n"},
      {R"({"S":{"Type":"Fail","ErrorPath":"$.e","CausePath":"$.c"}})", ""},
      {R"({"S":{"Type":"Choice","Choices":[{"Variable":"$.a","StringEquals":"$.b","Next":"N"}]}})",
       "NO_PATH at /States/S/Choices\n"},
      {R"({"S":{"Type":"Choice","Choices":[{"Not":{"Variable":"$.a","StringEqualsPath":"$.b"},)"
       R"("Next":"N"}]}})",
       ""},
      {R"({"S":{"Type":"Parallel","Branches":[{},{"States":{"A":{"Result":"$"}}}]}})",
       "PASS_RESULT_IS_STATIC at /States/S/Branches[1]/States/A/Result\n"},
      {R"({"S":{"Type":"Map","Iterator":{"States":{"A":{"Cause":"$$.x"}}}}})",
       "NO_PATH at /States/S/Iterator/States/A/Cause\n"},
      {R"({"S":1})", ""},
      {"[]", ""},
  };
  for (const auto& test : kCases) EXPECT_EQ(warnings(test.states), test.expected) << test.states;
  EXPECT_TRUE(warnings_of("{").empty());
  EXPECT_TRUE(warnings_of("[]").empty());
}

}  // namespace
}  // namespace trainyard::asl
