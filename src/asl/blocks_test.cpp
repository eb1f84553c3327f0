#include "asl/blocks.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace trainyard::asl {
namespace {

json::array numbers(std::size_t count) {
  json::array array;
  for (std::size_t i = 0; i < count; ++i) array.push_back(json::value(i));
  return array;
}

std::vector<std::string> texts_of(const Blocks& blocks) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < blocks.blocks(); ++i) texts.push_back(blocks.text(i));
  return texts;
}

TEST(Blocks, AreTheArray) {
  for (std::size_t size : {0u, 1u, 63u, 64u, 65u, 1000u}) {
    const json::array array = numbers(size);
    const Blocks blocks(array);
    EXPECT_EQ(blocks.size(), size);
    EXPECT_EQ(blocks.all(), array);
    EXPECT_EQ(Blocks(size, texts_of(blocks)).all(), array);
  }
}

TEST(Blocks, OnlyWhatHasChangedIsWrittenAgain) {
  Blocks blocks(200);
  std::vector<std::string> before = texts_of(blocks);
  blocks = Blocks(200, before);
  blocks.set(70, "new");
  EXPECT_EQ(blocks.at(70), json::value("new"));
  EXPECT_TRUE(blocks.at(199).is_null());
  std::vector<std::string> after = texts_of(blocks);
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i] == before[i], i != 1) << i;
  EXPECT_EQ(Blocks(200, after).at(70), json::value("new"));
}

TEST(Blocks, RefuseDamage) {
  EXPECT_THROW(Blocks(65, {"[]"}), SystemError);
  EXPECT_THROW(Blocks(2, {"[1]"}).at(0), SystemError);
  EXPECT_THROW(Blocks(1, {"1"}).at(0), SystemError);
  EXPECT_THROW(Blocks(1, {"["}).at(0), SystemError);
}

}  // namespace
}  // namespace trainyard::asl
