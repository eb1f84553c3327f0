// An execution driven by bytes: each decides what happens next. What must hold after every event,
// whatever the machine and the data, is asserted.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "asl/execution.hpp"

namespace trainyard::fuzz {

class Drive {
 public:
  Drive(const asl::Machine& machine, json::value input, std::string_view decisions);

  /// Takes events until the execution has ended, at most `events_max`.
  void run(int events_max);

 private:
  void take(const asl::Event& event);
  void apply(const asl::Command& command);
  void check(const std::vector<asl::HistoryEvent>& history);
  asl::Event next_event();
  asl::Event task_event(std::size_t index);
  asl::Event fire_first_timer();
  uint8_t decide();

  const asl::Machine& machine_;
  asl::Facts facts_;
  asl::Snapshot snapshot_;
  std::string_view decisions_;
  Time now_ = from_millis(1'700'000'000'000);
  SeededRandom random_{1};
  /// A call that waits for its answer, or for the end of what it began.
  struct Open {
    asl::CallTask task;
    bool submitted = false;
  };
  std::vector<Open> open_;
  std::map<std::string, Time> timers_;
  int64_t last_event_ = 0;
};

}  // namespace trainyard::fuzz
