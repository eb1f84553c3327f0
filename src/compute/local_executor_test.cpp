#include <csignal>
#include <set>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "compute/local_executor_testing.hpp"

namespace trainyard::compute {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(LocalExecutorTest, StartsEachAgentOnceAndFindsItAgain) {
  EXPECT_THAT(executor_->find(), ElementsAre());
  executor_->submit(spec_of("job-1"));
  executor_->submit(spec_of("job-1"));
  LocalExecutor next(data_, programs_, SandboxMode::bwrap);  // of a daemon started anew
  next.submit(spec_of("job-1"));
  EXPECT_THAT(next.find(), ElementsAre("job-1"));
  for (const char* host : {"algo-1", "algo-2"}) {
    EXPECT_EQ(await_file(host_folder("job-1", host) / "starts"), "started\n");
    EXPECT_EQ(status("job-1", host).state, InstanceState::running);
  }
  write_file_atomically(host_folder("job-1", "algo-2") / "end", "");
  EXPECT_EQ(await("job-1", "algo-2", InstanceState::ended), InstanceState::ended);
  EXPECT_EQ(find_string(*status("job-1", "algo-2").receipt, "outcome"), "succeeded");
  EXPECT_EQ(status("job-1", "algo-1").state, InstanceState::running);
  next.submit(spec_of("job-1"));
  executor_->cancel("job-1");
  executor_->cancel("job-1");
  executor_->cancel("never-heard-of");
  EXPECT_EQ(await("job-1", "algo-1", InstanceState::ended), InstanceState::ended);
  EXPECT_EQ(find_string(*status("job-1", "algo-1").receipt, "outcome"), "stopped");
  EXPECT_EQ(read_file(host_folder("job-1", "algo-2") / "starts"), "started\n");
  executor_->forget("job-1");
  executor_->forget("job-1");
  EXPECT_FALSE(fs::exists(data_ / "attempts/job-1"));
  EXPECT_THAT(executor_->find(), ElementsAre());
  const std::string ids[] = {"job-1"};
  EXPECT_TRUE(executor_->observe(ids)["job-1"].empty());
}

TEST_F(LocalExecutorTest, AKilledAgentIsLostAndStaysSo) {
  executor_->submit(spec_of("job-1", {"algo-1"}));
  await_file(host_folder("job-1", "algo-1") / "starts");
  executor_->kill("job-1");
  EXPECT_EQ(await("job-1", "algo-1", InstanceState::lost), InstanceState::lost);
  executor_->submit(spec_of("job-1", {"algo-1"}));
  EXPECT_EQ(status("job-1", "algo-1").state, InstanceState::lost);
  EXPECT_EQ(read_file(host_folder("job-1", "algo-1") / "starts"), "started\n");
}

TEST_F(LocalExecutorTest, AttemptsOfRootHaveUsersOfTheirOwn) {
  executor_->submit(spec_of("job-1", {"algo-1"}));
  executor_->submit(spec_of("job-2", {"algo-1"}));
  const auto one = await_file(host_folder("job-1", "algo-1") / "uid");
  const auto two = await_file(host_folder("job-2", "algo-1") / "uid");
  EXPECT_EQ(await_file(host_folder("job-1", "algo-1") / "plan-readable"), "1\n");
  struct stat status {};
  ASSERT_EQ(::stat((data_ / "attempts/job-1/plan.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0400u);
  if (::geteuid() != 0) {
    EXPECT_EQ(one, std::to_string(::geteuid()) + "\n");
  } else if (one != "0\n") {  // a container's root may lack the right
    EXPECT_GE(std::stoul(one), kFirstUid);
    EXPECT_NE(one, two);
  }
}

TEST_F(LocalExecutorTest, ManyThreadsSubmitAtOnce) {
  constexpr int kThreads = 4, kEach = 5;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        executor_->submit(spec_of("job-" + std::to_string(t * kEach + i), {"algo-1"}));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<std::string> users;
  for (int i = 0; i < kThreads * kEach; ++i) {
    const std::string id = "job-" + std::to_string(i);
    EXPECT_EQ(await_file(host_folder(id, "algo-1") / "starts"), "started\n");
    users.insert(read_file(host_folder(id, "algo-1") / "uid"));
  }
  EXPECT_TRUE(users.size() == 1 || users.size() == kThreads * kEach) << users.size();
}

TEST_F(LocalExecutorTest, ForgetsWhateverAProgramLeft) {
  executor_->submit(spec_of("job-1", {"algo-1"}));
  await_file(host_folder("job-1", "algo-1") / "starts");
  const fs::path left = host_folder("job-1", "algo-1") / "left";
  fs::create_directories(left / "closed/inner");
  fs::create_symlink("/etc", left / "link");
  Fd folder(::open(left.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int depth = 0; depth < 300; ++depth) {
    ASSERT_EQ(::mkdirat(folder.get(), "deep", 0755), 0);
    folder.reset(::openat(folder.get(), "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ASSERT_EQ(::chmod((left / "closed").c_str(), 0), 0);
  auto agent = read_record(host_folder("job-1", "algo-1") / "agent.pid");
  auto holder = read_record(data_ / "attempts/job-1/network.pid");
  ASSERT_TRUE(agent && holder && is_alive(*agent) && is_alive(*holder));
  executor_->forget("job-1");
  EXPECT_FALSE(fs::exists(data_ / "attempts/job-1"));
  EXPECT_FALSE(is_alive(*agent));
  EXPECT_FALSE(is_alive(*holder));
  EXPECT_TRUE(fs::exists("/etc/passwd"));
}

TEST_F(LocalExecutorTest, WhatCannotStartSaysWhy) {
  fs::remove(programs_ / "trainyard-agent");
  try {
    executor_->submit(spec_of("job-1"));
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), HasSubstr("trainyard-agent: exec: No such file"));
  }
  for (const char* id : {"../evil", "", "a/b", "A"}) {
    EXPECT_THROW(executor_->submit(spec_of(id)), SystemError);
  }
  EXPECT_THROW(executor_->submit(spec_of("job-2", {".."})), SystemError);
  EXPECT_THROW(executor_->connect("job-9", "algo-1", 8080), SystemError);
}

TEST_F(LocalExecutorTest, AReusedPidIsNotTaken) {
  auto self = record_of(::getpid());
  ASSERT_TRUE(self);
  EXPECT_TRUE(is_alive(*self));
  ProcessRecord earlier = *self;
  --earlier.start_ticks;
  EXPECT_FALSE(is_alive(earlier));
  EXPECT_FALSE(send_signal(earlier, SIGKILL, ::getuid()));
  EXPECT_TRUE(is_alive(*self, ::getuid()));
  EXPECT_FALSE(is_alive(*self, ::getuid() + 1));
  EXPECT_FALSE(send_signal(*self, SIGKILL, ::getuid() + 1));
  ProcessRecord last_boot = *self;
  last_boot.boot = "another";
  EXPECT_FALSE(is_alive(last_boot));
  const fs::path path = folder_.path() / "record";
  auto first = record_of(1);
  ASSERT_TRUE(first);
  const std::string of_init = "1 " + std::to_string(first->start_ticks) + " " + first->boot;
  for (const std::string& text : {std::string(), std::string("x"), std::string("2 2"), of_init,
                                  std::string("-1 2 boot"), std::string("2 x boot")}) {
    write_file_atomically(path, text);
    EXPECT_FALSE(read_record(path)) << text;
  }
}

/// Without a sandbox a program can write whatever its attempt's user can.
TEST_F(LocalExecutorTest, WhatAProgramWritesIntoItsFolderHarmsNobodyElse) {
  executor_->submit(spec_of("job-1", {"algo-1"}));
  const fs::path host = host_folder("job-1", "algo-1");
  const auto user = await_file(host / "uid");
  // A fifo would hold up whoever reads it; a link and a sparse file lead to others' data.
  ASSERT_EQ(::mkfifo((host / "receipt.json").c_str(), 0666), 0);
  EXPECT_EQ(status("job-1", "algo-1").state, InstanceState::running);
  fs::remove(host / "receipt.json");
  write_file_atomically(folder_.path() / "elsewhere", "{}");
  fs::create_symlink(folder_.path() / "elsewhere", host / "receipt.json");
  EXPECT_EQ(status("job-1", "algo-1").state, InstanceState::running);
  fs::remove(host / "receipt.json");
  write_file_atomically(host / "receipt.json", "{");
  ASSERT_EQ(::truncate((host / "receipt.json").c_str(), off_t{1} << 40), 0);
  EXPECT_EQ(status("job-1", "algo-1").state, InstanceState::running);
  fs::remove(host / "receipt.json");
  fs::rename(host, host.string() + ".moved");
  fs::create_directory_symlink(host.string() + ".moved", host);
  EXPECT_EQ(status("job-1", "algo-1").state, InstanceState::unknown);
  fs::remove(host);
  fs::rename(host.string() + ".moved", host);
  ASSERT_EQ(::mkfifo((data_ / "attempts/job-1/stop").c_str(), 0666), 0);
  executor_->cancel("job-1");
  EXPECT_EQ(await("job-1", "algo-1", InstanceState::ended), InstanceState::ended);
  const fs::path plan = data_ / "attempts/job-1/plan.json";
  for (const char* text : {"{", "[]", "{\"hosts\": [\"../../..\", 1]}"}) {
    write_file_atomically(plan, text);
    const std::string ids[] = {"job-1"};
    EXPECT_TRUE(executor_->observe(ids)["job-1"].empty()) << text;
  }
  write_file_atomically(plan, R"({"hosts": ["algo-1"]})");
  if (std::stoul(user) == ::getuid()) return;  // whom an attempt may kill anyway
  pid_t other = ::fork();
  if (other == 0) {
    ::setpgid(0, 0);
    for (;;) ::pause();
  }
  ::setpgid(other, other);
  for (const char* name : {"program.pid", "agent.pid"}) {
    write_record(host / name, *record_of(other));
  }
  write_record(data_ / "attempts/job-1/network.pid", *record_of(other));
  EXPECT_EQ(::lchown((data_ / "attempts/job-1").c_str(), kFirstUid, kFirstUid), 0);
  executor_->forget("job-1");
  EXPECT_EQ(::waitpid(other, nullptr, WNOHANG), 0) << "it was ended";
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
}

TEST_F(LocalExecutorTest, ASecondForkThatFailsIsNoProcess) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs a user without other processes";
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "TSan's own thread counts as a process";
#endif
  pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t kNobodyElse = 4'100'000;
    rlimit two{2, 2};  // this process and its first child
    if (::setresuid(kNobodyElse, kNobodyElse, kNobodyElse) != 0) ::_exit(9);
    if (::setrlimit(RLIMIT_NPROC, &two) != 0) ::_exit(8);
    DaemonSpec spec;
    spec.program = "/bin/true";
    spec.log = 2;
    try {
      start_daemonised(spec);
    } catch (const SystemError& error) {
      ::_exit(std::string(error.what()).find("/bin/true: fork: ") != std::string::npos ? 0 : 7);
    }
    ::_exit(6);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(LocalExecutorTest, ImagesAreShownToAnAttemptsUserAsItsOwn) {
  fs::create_directories(data_ / "images/one");
  fs::permissions(data_ / "images", fs::perms::owner_all);
  write_file_atomically(data_ / "images/one/file", "content\n", 0600);
  AttemptSpec spec = spec_of("job-1", {"algo-1", "algo-2"});
  spec.sees_images = true;
  executor_->submit(spec);
  for (const char* host : {"algo-1", "algo-2"}) {
    const std::string user = await_file(host_folder("job-1", host) / "uid");
    await_file(host_folder("job-1", host) / "plan-readable");
    const bool own_user = user != std::to_string(::geteuid()) + "\n";
    EXPECT_EQ(await_file(host_folder("job-1", host) / "image-owner"),
              own_user ? user : "written\n");
  }
}

/// The part of the next test that a crash ends: in a process of its own, whose environment says
/// where.
TEST(Crash, SubmitsWhereTheEnvironmentSaysSo) {
  const char* folder = std::getenv("TRAINYARD_TEST_FOLDER");
  if (folder == nullptr) return;
  const fs::path base = folder;
  LocalExecutor(base / "data", base / "programs", SandboxMode::bwrap, some_egress)
      .submit(spec_of("job-1", {"algo-1", "algo-2"}));
}

TEST_F(LocalExecutorTest, ACrashAnywhereInSubmitLosesNothingAndDoublesNothing) {
  executor_->submit(spec_of("calm", {"algo-1"}));
  const bool own_user = await_file(host_folder("calm", "algo-1") / "uid") !=
                        std::to_string(::geteuid()) + "\n";
  for (const char* point :
       {"attempt.folder:1", "egress.rename:1", "plan.rename:1", "spawn.network:1", "pid.rename:1",
        "pid.rename:2", "spawn.agent:1", "spawn.agent:2"}) {
    // A record that the process wrote first is not written again: that point may not be passed.
    const bool may_pass = std::string_view(point).starts_with("pid.rename");
    EXPECT_TRUE(crashes(point, "Crash.SubmitsWhereTheEnvironmentSaysSo") || may_pass) << point;
    executor_->submit(spec_of("job-1", {"algo-1", "algo-2"}));
    for (const char* host : {"algo-1", "algo-2"}) {
      EXPECT_EQ(await_file(host_folder("job-1", host) / "starts"), "started\n") << point;
      EXPECT_EQ(status("job-1", host).state, InstanceState::running) << point;
      const auto user = std::stoul(read_file(host_folder("job-1", host) / "uid"));
      EXPECT_EQ(user >= kFirstUid, own_user) << point;
      EXPECT_EQ(await_file(host_folder("job-1", host) / "egress-readable"), "1\n") << point;
    }
    executor_->forget("job-1");
  }
}

}  // namespace
}  // namespace trainyard::compute
