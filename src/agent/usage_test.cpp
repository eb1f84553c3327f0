#include "agent/usage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include "base/files.hpp"

namespace trainyard::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A folder that looks like /proc.
class FakeProc {
 public:
  /// Times in ticks, memory in kB.
  void add(pid_t pid, pid_t parent, const std::string& name, int user, int system, int children,
           int anonymous, int shared) {
    const fs::path folder = path() / std::to_string(pid);
    fs::create_directories(folder);
    write_file_atomically(folder / "stat",
                          std::to_string(pid) + " (" + name + ") S " + std::to_string(parent) +
                              " 1 1 0 -1 4194560 10 20 0 0 " + std::to_string(user) + " " +
                              std::to_string(system) + " " + std::to_string(children) +
                              " 0 20 0 1 0 12345 1000 200\n");
    write_file_atomically(folder / "status",
                          "Name:\t" + name + "\nVmRSS:\t  999999 kB\nRssAnon:\t  " +
                              std::to_string(anonymous) + " kB\nRssFile:\t 5000 kB\nRssShmem:\t " +
                              std::to_string(shared) + " kB\n");
  }
  fs::path path() const { return dir_.path(); }

 private:
  TempDir dir_;
};

double ticks(double count) { return count / static_cast<double>(::sysconf(_SC_CLK_TCK)); }

TEST(Usage, IsThatOfTheWholeTree) {
  FakeProc proc;
  proc.add(10, 1, "bwrap", 1, 0, 0, 100, 0);
  proc.add(11, 10, "python (a) b", 200, 20, 3, 3000, 40);
  proc.add(12, 11, "worker", 50, 5, 0, 1000, 0);
  proc.add(13, 1, "another", 9000, 0, 0, 9000, 0);
  const Usage usage = usage_of_tree(10, proc.path());
  ASSERT_EQ(usage.cpu.size(), 3u);
  EXPECT_DOUBLE_EQ(usage.cpu.at(11).own, ticks(220));
  EXPECT_DOUBLE_EQ(usage.cpu.at(11).of_children, ticks(3));
  EXPECT_EQ(usage.memory_bytes, uint64_t{4140} * 1024);
}

TEST(Usage, OfNobodyIsNothing) {
  FakeProc proc;
  fs::create_directories(proc.path() / "self");
  fs::create_directories(proc.path() / "77");  // ended meanwhile
  EXPECT_EQ(usage_of_tree(77, proc.path()).memory_bytes, 0u);
  EXPECT_THAT(usage_of_tree(78, proc.path() / "none").cpu, IsEmpty());
}

TEST(Usage, SharedPagesCountOnce) {
  FakeProc proc;
  proc.add(10, 1, "python", 1, 0, 0, 8000, 0);
  proc.add(11, 10, "worker", 1, 0, 0, 8000, 0);
  for (const char* pid : {"10", "11"}) {
    write_file_atomically(proc.path() / pid / "smaps_rollup",
                          "00400000-7fff ---p 00000000 00:00 0 [rollup]\nRss:  9000 kB\n"
                          "Pss:   5000 kB\nPss_Anon:   4000 kB\nPss_File:  500 kB\n"
                          "Pss_Shmem:   20 kB\n");
  }
  EXPECT_EQ(usage_of_tree(10, proc.path()).memory_bytes, uint64_t{8040} * 1024);
}

TEST(CpuUsed, IsWhatWasAdded) {
  const std::map<pid_t, CpuTimes> before{{1, {10, 2}}, {2, {5, 0}}};
  EXPECT_DOUBLE_EQ(cpu_used({}, before), 17);
  EXPECT_DOUBLE_EQ(cpu_used(before, before), 0);
  EXPECT_DOUBLE_EQ(cpu_used(before, {{1, {11, 2}}, {2, {5.5, 0}}, {3, {1, 0}}}), 2.5);
}

TEST(CpuUsed, WhatEndsCountsOnce) {
  // 2 has used one second more when 1 waits for its end.
  EXPECT_DOUBLE_EQ(cpu_used({{1, {10, 2}}, {2, {5, 0}}}, {{1, {10, 8}}}), 1);
  // Children that came and went meanwhile.
  EXPECT_DOUBLE_EQ(cpu_used({{1, {10, 2}}}, {{1, {10, 4}}}), 2);
}

TEST(CpuUsed, WhatNobodyWaitedForTakesNothingFromTheRest) {
  EXPECT_DOUBLE_EQ(cpu_used({{1, {10, 0}}, {2, {600, 0}}}, {{1, {15, 0}}}), 5);
}

TEST(CpuUsed, ANumberMayBeGivenAgain) {
  EXPECT_DOUBLE_EQ(cpu_used({{1, {10, 0}}, {2, {600, 0}}}, {{1, {10, 0}}, {2, {3, 0}}}), 3);
}

TEST(Usage, OfThisProcessIsSomething) {
  const Usage usage = usage_of_tree(::getpid());
  EXPECT_GT(usage.memory_bytes, 100'000u);
}

TEST(GpuValues, AreSummedOverGpus) {
  const auto values = gpu_values("50, 1024, 4096\n75, 2048, 4096\n", 7);
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(values[0].name, "GPUUtilization");
  EXPECT_DOUBLE_EQ(values[0].value, 125);
  EXPECT_EQ(values[1].name, "GPUMemoryUtilization");
  EXPECT_DOUBLE_EQ(values[1].value, 75);
  EXPECT_EQ(values[1].at_ms, 7);
}

TEST(GpuValues, SayNothingWhereNothingIsSaid) {
  EXPECT_THAT(gpu_values("", 0), IsEmpty());
  EXPECT_THAT(gpu_values("NVIDIA-SMI has failed\n[N/A], 1, 2\n50, 0, 0\n", 0), IsEmpty());
}

}  // namespace
}  // namespace trainyard::agent
