// What `trainyard asl run` tells of a run while it runs.
#pragma once

#include <map>
#include <string>

#include "cli/asl_run.hpp"
#include "cli/screen.hpp"

namespace trainyard::cli {

/// One line for each state that is entered or left, each failure and each retry, with the time
/// since the start; what lies inside Parallel and Map states is indented.
class RunProgress final : public RunObserver {
 public:
  RunProgress(const asl::Machine& machine, Screen& screen, Time started);

  void happened(const asl::HistoryEvent& event, const Subject& subject) override;
  void will_retry(const Subject& subject, Duration after) override;
  /// The last line.
  void ended(const asl::Ended& ended, Time at);

 private:
  void entered(Time at, const Subject& subject, const Place& place);
  void left(Time at, const Subject& subject, const Place& place);
  void line(Time at, int depth, const char* colour, const std::string& glyph,
            const std::string& text);

  Subjects places_;
  Screen& screen_;
  Time started_;
  Time last_;
  std::map<Subject, Time> running_;  // since when
};

}  // namespace trainyard::cli
