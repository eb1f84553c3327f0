#include "policy/glob.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "base/text.hpp"
#include "policy/pattern.hpp"

namespace trainyard::policy {
namespace {

bool glob(std::string_view pattern, std::string_view text) {
  return Glob(wildcard_tokens(pattern)).matches(text);
}

TEST(Glob, Table) {
  struct {
    const char* pattern;
    const char* text;
    bool matches;
  } rows[] = {
      {"", "", true},           {"", "a", false},          {"*", "", true},
      {"*", "a/b:c", true},     {"?", "", false},          {"?", "a", true},
      {"a*", "a", true},        {"a*", "ba", false},       {"*a", "ba", true},
      {"*a", "ab", false},      {"a*a", "a", false},       {"a*a", "aa", true},
      {"a?c", "abc", true},     {"a?c", "ac", false},      {"*?c*", "abcd", true},
      {"*?c*", "cd", false},    {"a**b", "ab", true},      {"*ab*ba*", "aba", false},
      {"*ab*ba*", "abba", true}, {"s3:Get*", "s3:GetObject", true},
      {"s3:get*", "s3:GetObject", false},
      {"arn:aws:s3:::*sagemaker*", "arn:aws:s3:::my-sagemaker-bucket/k", true},
      {"arn:aws:s3:::b/*", "arn:aws:s3:::b", false},
      {"*x??y*", "aaxbxcdyb", true}, {"??", "a", false}, {"*??", "a", false}, {"*??", "ab", true},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(glob(row.pattern, row.text), row.matches) << row.pattern << " on " << row.text;
  }
}

/// The definition, by recursion: too slow for anything but short texts.
bool by_definition(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return by_definition(pattern.substr(1), text) ||
           (!text.empty() && by_definition(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
         by_definition(pattern.substr(1), text.substr(1));
}

TEST(Glob, AgreesWithItsDefinition) {
  SeededRandom random(7);
  auto make = [&](std::string_view alphabet, int length) {
    std::string text;
    for (int i = 0; i < length; ++i) text += alphabet[random.below(alphabet.size())];
    return text;
  };
  for (int i = 0; i < 20000; ++i) {
    std::string pattern = make("ab?**", static_cast<int>(random.below(9)));
    std::string text = make("ab", static_cast<int>(random.below(10)));
    ASSERT_EQ(glob(pattern, text), by_definition(pattern, text)) << pattern << " on " << text;
  }
}

TEST(Glob, LongPatternsWithHolesCrossWordBorders) {
  std::string run(130, 'a');
  EXPECT_TRUE(glob("*" + run + "?" + run + "b*", std::string(400, 'a') + "b"));
  EXPECT_FALSE(glob("*" + run + "?" + run + "b*", std::string(200, 'a') + "b"));
  EXPECT_FALSE(glob("*b" + run + "?" + run + "*", std::string(600, 'a')));
}

TEST(Glob, HostilePatternsEnd) {  // a backtracking matcher needs centuries for these
  std::string stars;
  for (int i = 0; i < 1000; ++i) stars += "*a";
  EXPECT_FALSE(glob(stars + "b", std::string(20000, 'a')));
  EXPECT_FALSE(glob("*" + std::string(5000, 'a') + "b*", std::string(20000, 'a')));
  EXPECT_FALSE(glob("*" + std::string(2000, '?') + "b*", std::string(20000, 'a')));
}

TEST(Pattern, Variables) {
  Context context;
  context.set("aws:username", "al*ce");
  context.set("aws:Tags", std::vector<std::string>{"a", "b"});
  auto matches = [&](const char* pattern, const char* text) {
    return Pattern(pattern, true).matches(text, context);
  };
  EXPECT_TRUE(matches("home/${aws:username}/*", "home/al*ce/x"));
  EXPECT_TRUE(matches("home/${AWS:UserName}", "home/al*ce"));
  EXPECT_FALSE(matches("home/${aws:username}/*", "home/alice/x"));  // its '*' is no wildcard
  EXPECT_TRUE(matches("${*}${?}${$}*", "*?$anything"));
  EXPECT_FALSE(matches("${*}", "x"));
  EXPECT_FALSE(matches("${aws:none}*", "x"));
  EXPECT_TRUE(matches("${aws:none, 'other'}/*", "other/x"));
  EXPECT_TRUE(matches("${aws:username, 'other'}", "al*ce"));
  EXPECT_FALSE(matches("${aws:Tags}", "a"));  // two values: which?
  EXPECT_TRUE(matches("${unclosed", "${unclosed"));
  EXPECT_TRUE(Pattern("${aws:username}", false).matches("${aws:username}", context));
}

}  // namespace
}  // namespace trainyard::policy
