#include "server/console/host.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/process.hpp"

namespace trainyard::server::console {
namespace {

TEST(ParseMemoryTest, TakesTwoLines) {
  const Memory memory = parse_memory(
      "MemTotal:       16318440 kB\nMemFree:          312228 kB\nMemAvailable:    8159220 kB\n");
  EXPECT_EQ(memory.total, 16318440ll * 1024);
  EXPECT_EQ(memory.available, 8159220ll * 1024);
}

TEST(ParseMemoryTest, SaysWhatIsMissing) {
  for (const char* text : {"", "MemTotal: 1 kB\n", "MemTotal: 1 kB\nMemAvailable:",
                           "MemTotal: 1 kB\nMemAvailable: much\n"}) {
    EXPECT_THROW(parse_memory(text), SystemError) << text;
  }
}

TEST(DescribeHostTest, TellsOfThisMachine) {
  const json::object host = describe_host("/");
  EXPECT_EQ(host.at("cpus").as_int64(), cpus_online());
  EXPECT_GE(host.at("load").as_double(), 0);
  const json::object& memory = host.at("memory").as_object();
  EXPECT_GT(memory.at("available").as_int64(), 0);
  EXPECT_LE(memory.at("available").as_int64(), memory.at("total").as_int64());
  const json::object& disk = host.at("disk").as_object();
  EXPECT_LE(disk.at("free").to_number<int64_t>(), disk.at("total").to_number<int64_t>());
}

TEST(DescribeHostTest, AFolderThatIsNotThere) {
  EXPECT_THROW(describe_host("/no/such/folder"), fs::filesystem_error);
}

}  // namespace
}  // namespace trainyard::server::console
