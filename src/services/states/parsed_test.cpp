#include "services/states/parsed.hpp"

#include <gtest/gtest.h>

namespace trainyard::states {
namespace {

std::string pass_named(const std::string& name) {
  return R"({"StartAt":")" + name + R"(","States":{")" + name + R"(":{"Type":"Pass","End":true}}})";
}

TEST(Parsed, IsKeptByItsText) {
  auto one = parsed_definition(pass_named("A"));
  EXPECT_EQ(parsed_definition(pass_named("A")), one);
  auto other = parsed_definition(pass_named("B"));
  EXPECT_EQ(one->machine.top.start_at, "A");
  EXPECT_EQ(other->machine.top.start_at, "B");
}

TEST(Parsed, KeepsNoMoreThanItMay) {
  auto first = parsed_definition(pass_named("first"));
  for (std::size_t i = 0; i < kParsedMax; ++i) parsed_definition(pass_named(std::to_string(i)));
  auto again = parsed_definition(pass_named("first"));
  EXPECT_NE(again, first);  // both are whole: whoever holds one keeps it
  EXPECT_EQ(first->machine.top.start_at, again->machine.top.start_at);
  const std::string large = pass_named("large") + std::string(kParsedBytesMax, ' ');
  EXPECT_FALSE(asl::has_errors(parsed_definition(large)->problems));
}

TEST(Parsed, KeepsProblems) {
  EXPECT_TRUE(asl::has_errors(parsed_definition("{}")->problems));
}

}  // namespace
}  // namespace trainyard::states
