// What `trainyard asl run` tells of a run while it runs.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/json.hpp"
#include "cli/asl_run.hpp"
#include "cli/screen.hpp"

namespace trainyard::cli {

/// One line for each state that is entered or left, each failure and each retry, with the time
/// since the start; what lies inside Parallel and Map states is indented.
class RunProgress final : public RunObserver {
 public:
  RunProgress(const asl::Machine& machine, Screen& screen, Time started);

  void happened(const asl::HistoryEvent& event) override;
  void will_retry(int64_t entered, Duration after) override;
  /// The last line.
  void ended(const asl::Ended& ended, Time at);

 private:
  /// Where a state stands in the machine.
  struct Place {
    int depth = 0;
    std::size_t maps = 0;  // of those around it, how many are Map states
    asl::StateType type = asl::StateType::pass;
  };
  /// What an event is about: a state, in the iterations of the Map states around it, outermost
  /// first.
  struct Subject {
    std::string state;
    std::vector<std::string> iterations;
    bool operator<(const Subject& other) const {
      return std::tie(state, iterations) < std::tie(other.state, other.iterations);
    }
  };

  void add_places(const asl::States& states, const asl::Flow& flow, Place around);
  Place place_of(const std::string& state) const;
  Subject subject_of(const asl::HistoryEvent& event) const;
  void entered(Time at, const Subject& subject);
  void left(Time at, const Subject& subject);
  /// "Work (Each[2])"
  static std::string label(const Subject& subject);
  void line(Time at, int depth, const char* colour, const std::string& glyph,
            const std::string& text);

  std::map<std::string, Place, std::less<>> places_;
  Screen& screen_;
  Time started_;
  Time last_;
  std::map<int64_t, Subject> subjects_;  // by event: one leads to the next
  std::map<Subject, Time> running_;      // since when
};

}  // namespace trainyard::cli
