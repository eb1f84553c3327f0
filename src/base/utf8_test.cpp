#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace trainyard {
namespace {

TEST(Utf8, WhatIsNoneIsReplaced) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(valid_utf8("plain"), "plain");
  const std::string good = "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x9A\x82";
  EXPECT_EQ(valid_utf8(good), good);
  for (const char* text : {"\xFF", "\xC3", "\xC0", "\xF5"}) EXPECT_EQ(valid_utf8(text), bad);
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), bad + bad + bad);  // half of a surrogate pair
  EXPECT_EQ(valid_utf8("a\xC3(b"), "a" + bad + "(b");
  EXPECT_EQ(valid_utf8("ab\xE2\x82\xAC", 4), "ab");
  EXPECT_EQ(valid_utf8("abcdef", 4), "abcd");
}

TEST(Utf8, TellsWhatIsNone) {
  for (const char* good : {"", "plain", "\xE2\x82\xAC", "a\xF0\x9F\x98\x80"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad : {"\xFF", "a\xC3", "\xC0\x80", "\xED\xA0\x80", "ok\xC3("}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(Utf8, CountsAndCutsBetweenCharacters) {
  EXPECT_EQ(count_characters(""), 0u);
  EXPECT_EQ(count_characters("aé€🚂"), 4u);
  EXPECT_EQ(clip("aéb", 2), "aé");
  EXPECT_EQ(clip("aéb", 9), "aéb");
  EXPECT_EQ(clip("é", 0), "");
}

}  // namespace
}  // namespace trainyard
