// For tests: an executor whose agents are a script.
#pragma once

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.hpp"
#include "compute/local_executor.hpp"

namespace trainyard::compute {

/// Stands in for an agent: notes that it was started, then waits to be told how to end.
constexpr const char* kAgent = R"sh(#!/bin/sh
if [ "$1" = network ]; then exec "$(dirname "$0")/real-agent" "$@"; fi
trap "" TERM  # dash unblocks what an agent keeps blocked
shift
while [ $# -gt 0 ]; do
  case $1 in --attempt) attempt=$2 ;; --host) host=$2 ;; --images) images=$2 ;;
    --volume) volume=$2 ;; --door) id=$(basename "$2" .sock) ;; esac
  shift 2
done
cd "$attempt/$host" || exit 1
set -- $(cat /proc/$$/stat)
echo "$$ ${22} $(cat /proc/sys/kernel/random/boot_id)" > pid.new && mv pid.new agent.pid
id -u > uid
[ -z "$images" ] || stat -c %u "$images/one/file" > image-owner
[ -z "$images" ] || ! echo x 2>/dev/null > "$images/one/file" || echo written > image-owner
if [ -n "$volume" ]; then
  echo "$id" >> "$volume/visits"
  stat -c %u "$volume" "$volume"/* | sort -u > volume-owners
fi
grep -c NAME "$attempt/egress.json" > egress-readable
grep -c token "$attempt/plan.json" > plan-readable
echo started >> starts
while :; do
  [ -e "$attempt/stop" ] && outcome=stopped
  [ -e end ] && outcome=succeeded
  if [ -n "$outcome" ]; then
    echo "{\"outcome\":\"$outcome\"}" > receipt.new && mv receipt.new receipt.json
    exit 0
  fi
  sleep 0.02
done
)sh";

inline AttemptSpec spec_of(const std::string& id,
                           std::vector<std::string> hosts = {"algo-1", "algo-2"}) {
  AttemptSpec spec;
  spec.id = id;
  spec.hosts = hosts;
  spec.plan = {{"hosts", json::value_from(hosts)}, {"token", "secret"}};
  return spec;
}

inline std::optional<Egress> some_egress() { return Egress{{}, {{"NAME", "value"}}, {}}; }

class LocalExecutorTest : public testing::Test {
 protected:
  LocalExecutorTest() : data_(folder_.path() / "data"), programs_(folder_.path() / "programs") {
    fs::create_directories(data_);
    fs::create_directories(programs_);
    write_file_atomically(programs_ / "trainyard-agent", kAgent, 0755);
    fs::copy_file(fs::path(TRAINYARD_BIN_DIR) / "trainyard-agent", programs_ / "real-agent");
    executor_ = std::make_unique<LocalExecutor>(data_, programs_, SandboxMode::bwrap, some_egress);
  }
  ~LocalExecutorTest() override {
    for (const auto& id : executor_->find()) executor_->forget(id);
  }

  InstanceStatus status(const std::string& id, const std::string& host) {
    const std::string ids[] = {id};
    auto all = executor_->observe(ids);
    for (const auto& instance : all[id]) {
      if (instance.host == host) return instance;
    }
    return {host, InstanceState::unknown, std::nullopt};
  }
  InstanceState await(const std::string& id, const std::string& host, InstanceState wanted) {
    for (int i = 0; i < 3'000 && status(id, host).state != wanted; ++i) ::usleep(5'000);
    return status(id, host).state;
  }
  fs::path host_folder(const std::string& id, const std::string& host) {
    return data_ / "attempts" / id / host;
  }
  std::string await_file(const fs::path& path) {
    for (int i = 0; i < 3'000; ++i) {
      auto text = read_file_if_exists(path);
      if (text && !text->empty()) return *text;
      ::usleep(5'000);
    }
    return "(not there)";
  }

  /// Runs a test in a process of its own that ends at `point`; false when it did not. The test
  /// finds the folder in its environment.
  bool crashes(const char* point, const std::string& test) {
    const std::string filter = "--gtest_filter=" + test;
    pid_t child = ::fork();
    if (child == 0) {
      ::setenv("TRAINYARD_TEST_FOLDER", folder_.path().c_str(), 1);
      ::setenv("TRAINYARD_CRASH_AT", point, 1);
      ::execl("/proc/self/exe", "compute_test", filter.c_str(), nullptr);
      ::_exit(99);
    }
    int ending = 0;
    EXPECT_EQ(::waitpid(child, &ending, 0), child);
    return WIFSIGNALED(ending) && WTERMSIG(ending) == SIGKILL;
  }

  TempDir folder_;
  const fs::path data_, programs_;
  std::unique_ptr<LocalExecutor> executor_;
};

}  // namespace trainyard::compute
