// The pure interpreter alone, for callgrind and for its memory: no store, no texts of snapshots.
//   bench-interpreter pass COUNT    Pass states without fields, one after the other: of 1000
//   bench-interpreter mix COUNT     the states of states_workload.py, from the text on stdin
//   bench-interpreter map ITEMS     one inline Map, a Pass state for each item
// COUNT is of states. Prints one line of JSON.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <string>

#include "asl/execution.hpp"

namespace {

using namespace trainyard;

constexpr const char* kOrder =
    R"({"id":"o-1042","customer":{"name":"Ada","country":"GB"},"express":true,"items":[)"
    R"({"sku":"lamp","count":2,"price":19.5},{"sku":"desk","count":1,"price":240}]})";
/// In a row, the last of which ends the execution.
constexpr std::size_t kPassStates = 1000;
constexpr const char* kMap = R"({"StartAt":"M","States":{"M":{"Type":"Map","End":true,)"
                             R"("ItemProcessor":{"StartAt":"P","States":{)"
                             R"("P":{"Type":"Pass","End":true}}}}}})";

asl::Machine machine_of(const std::string& definition) {
  asl::Parsed parsed = asl::parse_machine(definition);
  if (asl::has_errors(parsed.problems)) throw std::runtime_error(asl::to_text(parsed.problems));
  return std::move(parsed.machine);
}

/// Peak resident memory in KiB.
long peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  throw std::runtime_error("no VmHWM");
}

/// One execution, a turn of the engine at a time, until it has entered so many states or ended.
class Run {
 public:
  Run(asl::Machine machine, const std::string& input) : machine_(std::move(machine)) {
    facts_.id = "arn:aws:states:us-east-1:000000000000:execution:bench:run";
    facts_.name = "run";
    facts_.role_arn = "arn:aws:iam::000000000000:role/Flow";
    facts_.machine_id = "arn:aws:states:us-east-1:000000000000:stateMachine:bench";
    facts_.machine_name = "bench";
    facts_.region = "us-east-1";
    facts_.started = from_millis(1'800'000'000'000);
    facts_.input = *parse_json(input);
    facts_.input_text = input;
    facts_.events_max = std::numeric_limits<int64_t>::max();
  }

  void go(std::size_t states) {
    for (asl::Event event = asl::Started{}; entered_ < states;) {
      asl::Outcome outcome =
          asl::step(machine_, {facts_, std::move(snapshot_)}, event, facts_.started, random_);
      snapshot_ = std::move(outcome.snapshot);
      for (const auto& entry : outcome.history) {
        if (entry.type.ends_with("StateEntered")) ++entered_;
      }
      if (snapshot_.status != asl::Status::running) break;
      if (!snapshot_.timers.contains("resume")) throw std::runtime_error("nothing goes on");
      event = asl::TimerFired{"resume"};
    }
  }
  std::size_t entered() const { return entered_; }
  const asl::Snapshot& snapshot() const { return snapshot_; }

 private:
  asl::Machine machine_;
  asl::Facts facts_;
  asl::Snapshot snapshot_;
  SeededRandom random_{1};
  std::size_t entered_ = 0;
};

std::string pass_states() {
  std::string text = R"({"StartAt":"P1","States":{)";
  for (std::size_t i = 1; i < kPassStates; ++i) {
    text += fmt::format(R"("P{}":{{"Type":"Pass","Next":"P{}"}},)", i, i + 1);
  }
  return text + fmt::format(R"("P{}":{{"Type":"Pass","End":true}}}}}})", kPassStates);
}

std::string items(std::size_t count) {
  std::string text = "[";
  for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "" : ",") + std::to_string(i);
  return text + "]";
}

void run(const std::string& what, std::size_t count) {
  std::string definition = what == "map" ? kMap : pass_states();
  std::string input = what == "map" ? items(count) : kOrder;
  std::size_t states = what == "map" ? count + 2 : count;
  if (what == "mix") {
    definition.assign(std::istreambuf_iterator<char>(std::cin), {});
    input =
        R"({"begin":"2020-01-01T00:00:00Z","rounds":1000000000,"done":0,"order":)" + input + "}";
  }
  Run run(machine_of(definition), input);
  run.go(states);
  if (what == "map" && run.snapshot().status != asl::Status::succeeded) {
    throw std::runtime_error("the Map did not succeed");
  }
  std::printf("{\"transitions\": %zu, \"peak_kib\": %ld}\n", run.entered(), peak_kib());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (argc != 3 || (what != "pass" && what != "mix" && what != "map")) {
    std::fprintf(stderr, "usage: bench-interpreter pass|mix|map COUNT\n");
    return 2;
  }
  try {
    run(what, std::strtoull(argv[2], nullptr, 10));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench-interpreter: %s\n", error.what());
    return 1;
  }
}
