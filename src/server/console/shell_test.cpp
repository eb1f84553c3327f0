#include "server/console/shell.hpp"

#include <gtest/gtest.h>

namespace trainyard::server::console {
namespace {

TEST(ShellTest, GzipIsTakenByWhoSaysSo) {
  const std::pair<const char*, bool> cases[] = {
      {"", false},         {"gzip", true},           {"br, gzip;q=0.5", true},
      {"GZIP", true},      {"deflate, br", false},   {"*", true},
      {"gzip;q=0", false}, {"gzip; q=0.000", false}, {"identity", false},
      {"x-gzip2", false},  {"*;q=0.5, gzip;q=0", false}, {"*;q=0, gzip", true},
  };
  for (const auto& [field, takes] : cases) EXPECT_EQ(takes_gzip(field), takes) << field;
}

}  // namespace
}  // namespace trainyard::server::console
