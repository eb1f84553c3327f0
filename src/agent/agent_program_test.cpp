// The real program in a process of its own, from submission to forgetting by the executor.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "agent/agent_testing.hpp"
#include "base/error.hpp"
#include "compute/local_executor.hpp"

namespace trainyard::agent {
namespace {

class AgentProgramTest : public testing::TestWithParam<compute::SandboxMode> {};
INSTANTIATE_TEST_SUITE_P(Modes, AgentProgramTest,
                         testing::Values(compute::SandboxMode::bwrap, compute::SandboxMode::none));

compute::AttemptSpec training_attempt() {
  compute::AttemptSpec spec;
  spec.id = "job-1";
  spec.hosts = {"algo-1"};
  spec.plan = {{"version", 1},          {"kind", "train"},
               {"attempt", "job-1"},    {"token", FakeDaemon::kToken},
               {"region", "us-east-1"}, {"name", "job"},
               {"hosts", {"algo-1"}},   {"log_group", "g"},
               {"log_streams", {{"algo-1", "job/algo-1"}}}};
  return spec;
}

TEST_P(AgentProgramTest, RunsUnderTheExecutor) {
  TempDir folder;
  const fs::path data = folder.path() / "data", programs = folder.path() / "programs";
  fs::create_directories(data / "run/attempts");
  fs::permissions(data, fs::perms(0711));
  fs::permissions(folder.path(), fs::perms(0700));
  fs::create_directories(programs);
  fs::copy_file(fs::path(TRAINYARD_BIN_DIR) / "trainyard-agent", programs / "trainyard-agent");
  install_toolkit(programs / "trainyard-toolkit", R"(
base=${SAGEMAKER_BASE_DIR:-/opt/ml}
trap 'echo saved > $base/model/m; exit 0' TERM
echo up; while :; do sleep 0.02; done
)");
  FakeDaemon daemon(data / "run");
  fs::create_symlink("../door.sock", data / "run/attempts/job-1.sock");
  daemon.s3.put("out/here", "");
  compute::LocalExecutor executor(data, programs, GetParam());
  compute::AttemptSpec spec = training_attempt();
  spec.plan["outputs"] = {{"model", "s3://out/m"}};
  executor.submit(spec);
  ASSERT_TRUE(daemon.await_line("up"))
      << read_file_if_exists(data / "attempts/job-1/algo-1/agent.log").value_or("");
  EXPECT_THROW(executor.connect("job-1", "algo-1", 8080), SystemError);  // nobody listens
  executor.cancel("job-1");
  ASSERT_TRUE(daemon.await_phase("Ended"));
  EXPECT_EQ(find_string(daemon.receipt, "outcome"), "stopped") << dump(daemon.receipt);
  EXPECT_EQ(unpacked(daemon.s3.get("out/m")), (Files{{"m", "saved\n"}}));
  const std::string ids[] = {"job-1"};
  auto instances = executor.observe(ids)["job-1"];
  ASSERT_EQ(instances.size(), 1u);
  EXPECT_EQ(instances[0].state, compute::InstanceState::ended);
  EXPECT_EQ(*instances[0].receipt, daemon.receipt);
  executor.forget("job-1");
  EXPECT_FALSE(fs::exists(data / "attempts/job-1"));
}

TEST_P(AgentProgramTest, AKillEndsTheProgramAndWhatItStarted) {
  TempDir folder;
  const fs::path data = folder.path() / "data", programs = folder.path() / "programs";
  fs::create_directories(data / "run/attempts");
  fs::create_directories(programs);
  fs::copy_file(fs::path(TRAINYARD_BIN_DIR) / "trainyard-agent", programs / "trainyard-agent");
  install_toolkit(programs / "trainyard-toolkit", R"(
cd ${SAGEMAKER_BASE_DIR:-/opt/ml}; mkfifo fifo
sleep 600 > fifo &
echo up; sleep 600
)");
  FakeDaemon daemon(data / "run");
  compute::LocalExecutor executor(data, programs, GetParam());
  executor.submit(training_attempt());
  ASSERT_TRUE(daemon.await_line("up"));
  Fd reader(::open((data / "attempts/job-1/algo-1/opt-ml/fifo").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(reader);
  executor.kill("job-1");
  char c = 0;
  EXPECT_EQ(::read(reader.get(), &c, 1), 0);  // its end: nobody has the other side any more
  executor.forget("job-1");
  EXPECT_FALSE(fs::exists(data / "attempts/job-1"));
}

}  // namespace
}  // namespace trainyard::agent
