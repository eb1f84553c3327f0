#include "cli/jupyter.hpp"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "cli/paths.hpp"

namespace trainyard::cli {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::StartsWith;

/// PATH is one folder for the length of a test.
class OnPath : public testing::Test {
 protected:
  void SetUp() override {
    before_ = std::getenv("PATH");
    ::setenv("PATH", folder_.path().c_str(), 1);
  }
  void TearDown() override { ::setenv("PATH", before_.c_str(), 1); }
  void add(const char* name) const {
    write_file_atomically(folder_.path() / name, "#!/bin/sh\n", 0755);
  }

  TempDir folder_;
  std::string before_;
};

TEST_F(OnPath, LabComesBeforeNotebook) {
  try {
    find_jupyter();
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("pip install jupyterlab"));
  }
  add("jupyter-notebook");
  EXPECT_EQ(find_jupyter().name, "Jupyter Notebook");
  add("jupyter-lab");
  EXPECT_EQ(find_jupyter().name, "JupyterLab");
  EXPECT_EQ(find_jupyter().file, folder_.path() / "jupyter-lab");
}

TEST(Jupyter, ListensOnASocketAlone) {
  const JupyterProgram program{"JupyterLab", "/bin/jupyter-lab"};
  EXPECT_EQ(jupyter_command(program, "/tmp/x/j.sock", "/work", false, false),
            (std::vector<std::string>{"/bin/jupyter-lab", "--no-browser", "--sock=/tmp/x/j.sock",
                                      "--sock-mode=0600", "/work"}));
  const auto command = jupyter_command(program, "/tmp/x/j.sock", "/work", true, true);
  EXPECT_THAT(command, Contains("--allow-root"));
  EXPECT_THAT(command, Contains("--ServerApp.allow_remote_access=True"));
}

TEST(Jupyter, ItsEnvironmentIsOursWithChanges) {
  for (const char* name : {"GOES", "CHANGES", "STAYS"}) {
    ::setenv((std::string("TRAINYARD_TEST_") + name).c_str(), "1", 1);
  }
  EnvChanges changes;
  changes.set = {{"TRAINYARD_TEST_CHANGES", "2"}};
  changes.unset = {"TRAINYARD_TEST_GOES"};
  const auto lines = changed_environment(changes, {"MORE=3"});
  for (const char* name : {"GOES", "CHANGES", "STAYS"}) {
    ::unsetenv((std::string("TRAINYARD_TEST_") + name).c_str());
  }
  EXPECT_THAT(lines, Contains("TRAINYARD_TEST_CHANGES=2"));
  EXPECT_THAT(lines, Contains("TRAINYARD_TEST_STAYS=1"));
  EXPECT_THAT(lines, Contains("MORE=3"));
  EXPECT_THAT(lines, Not(Contains(StartsWith("TRAINYARD_TEST_GOES"))));
  EXPECT_THAT(lines, Not(Contains("TRAINYARD_TEST_CHANGES=1")));
}

TEST(Paths, WhereToListen) {
  EXPECT_EQ(parse_listen("127.0.0.1:80").host, "127.0.0.1");
  EXPECT_EQ(parse_listen("[::1]:90").host, "::1");
  EXPECT_EQ(parse_listen("[::1]:90").port, 90);
  for (const char* text : {"", "localhost", "localhost:", "a:x", "a:70000", "a:-1", "a:1x"}) {
    EXPECT_THROW(parse_listen(text), SystemError) << text;
  }
}

}  // namespace
}  // namespace trainyard::cli
