// Started by the executor: once an instance (`run`), once an attempt (`network`). Not for people.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "agent/agent.hpp"
#include "base/error.hpp"
#include "compute/network.hpp"
#include "compute/processes.hpp"

namespace {

using namespace trainyard;

/// "--name value" pairs, then words.
struct Arguments {
  std::map<std::string, std::string> options;
  std::vector<std::string> words;

  const std::string& at(const char* name) const {
    auto found = options.find(name);
    if (found == options.end()) throw SystemError(std::string("option --") + name + " is missing");
    return found->second;
  }
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 2; i < argc; ++i) {
    std::string word = argv[i];
    if (word.rfind("--", 0) != 0) {
      arguments.words.push_back(word);
    } else if (++i < argc) {
      arguments.options[word.substr(2)] = argv[i];
    }
  }
  return arguments;
}

/// Whoever started us writes the same; but it may have ended in between.
void write_own_record(const fs::path& path) {
  if (auto record = compute::record_of(::getpid())) compute::write_record(path, *record);
}

/// What we were given must not reach the program: a lock that it held would outlive us.
void close_on_exec() {
  for (int fd = 3; fd < 64; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
}

/// SIGTERM and SIGINT, blocked in every thread, end in the stop signal.
void watch_signals(agent::StopSignal& stop) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals, &stop] {
    for (int signal = 0;; stop.trigger()) sigwait(&signals, &signal);
  }).detach();
}

int run_instance(const Arguments& arguments) {
  agent::AgentOptions options;
  options.attempt = arguments.at("attempt");
  options.host = arguments.at("host");
  options.reports = arguments.at("reports");
  options.door = arguments.at("door");
  options.toolkit = arguments.at("toolkit");
  if (arguments.options.contains("images")) options.images = arguments.at("images");
  if (arguments.options.contains("volume")) options.volume = arguments.at("volume");
  options.sandbox = arguments.at("sandbox") == "none" ? compute::SandboxMode::none
                                                      : compute::SandboxMode::bwrap;
  write_own_record(compute::AttemptPaths{options.attempt}.agent_record(options.host));
  static agent::StopSignal stop;  // outlives the thread that waits for signals
  watch_signals(stop);
  SystemClock clock;
  agent::run_agent(options, stop, clock);
  return 0;
}

int hold_network(const Arguments& arguments) {
  const fs::path folder = arguments.at("folder");
  write_own_record(compute::AttemptPaths{folder}.network_record());
  const int ready = std::atoi(arguments.at("ready").c_str());
  return compute::run_network_holder(folder, arguments.words, ready);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  try {
    std::signal(SIGPIPE, SIG_IGN);
    close_on_exec();
    if (what == "run") return run_instance(parse(argc, argv));
    if (what == "network") return hold_network(parse(argc, argv));
    std::fprintf(stderr, "trainyard-agent is started by `trainyard serve`\n");
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "trainyard-agent: %s\n", error.what());
    return 1;
  }
}
