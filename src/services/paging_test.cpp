#include "services/paging.hpp"

#include <gtest/gtest.h>

namespace trainyard {
namespace {

TEST(Paging, TokensCarryTheirPosition) {
  for (const std::string& position :
       {std::string(), std::string("a"), std::string("models/η"), std::string("\0\xff", 2)}) {
    EXPECT_EQ(read_page_token("list", make_page_token("list", position)), position);
  }
}

TEST(Paging, TokensOfAnotherListingAndInventedOnesAreRefused) {
  std::string token = make_page_token("ListModels", "m");
  EXPECT_EQ(read_page_token("ListEndpoints", token), std::nullopt);
  EXPECT_EQ(read_page_token("ListModels", ""), std::nullopt);
  EXPECT_EQ(read_page_token("ListModels", "not base64!"), std::nullopt);
  EXPECT_EQ(read_page_token("ListModels", token + "AAAA"), std::nullopt);
}

}  // namespace
}  // namespace trainyard
