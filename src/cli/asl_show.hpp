// What `trainyard asl run` tells of a run while it runs.
#pragma once

#include <map>
#include <string>
#include <utility>
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
  void will_retry(const std::string& state, int retry, Duration after) override;
  /// The last line.
  void ended(const asl::Ended& ended, Time at);

 private:
  /// Where an event stands: the iterations of Map states around it, outermost first.
  using Iterations = std::vector<std::string>;
  /// Where a state stands in the machine.
  struct Place {
    int depth = 0;
    std::size_t maps = 0;  // of those around it, how many are Map states
    asl::StateType type = asl::StateType::pass;
  };

  void add_places(const asl::States& states, const asl::Flow& flow, Place around);
  void entered(const asl::HistoryEvent& event, const Iterations& around);
  void left(const asl::HistoryEvent& event, const Iterations& around);
  Place place_of(const std::string& state) const;
  /// "Work (Each[2])"
  std::string label(const std::string& state, const Iterations& around) const;
  void line(Time at, int depth, const char* colour, const std::string& glyph,
            const std::string& text);

  std::map<std::string, Place, std::less<>> places_;
  Screen& screen_;
  Time started_;
  Time last_;
  std::map<int64_t, Iterations> iterations_;                        // by event, while it matters
  std::map<std::pair<std::string, Iterations>, Time> running_;      // states, since when
};

}  // namespace trainyard::cli
