// One execution of a state machine in this process: the interpreter, a clock, and whoever does the
// tasks.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "asl/execution.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "cli/asl_subject.hpp"

namespace trainyard::cli {

/// The clock of a run. When waits are skipped, it goes on from `clock` by leaps.
class Pace final : public Clock {
 public:
  Pace(Clock& clock, bool skips_waits) : clock_(clock), skips_waits_(skips_waits) {}
  Time now() override { return clock_.now() + skipped_; }
  bool skips_waits() const { return skips_waits_; }
  /// Returns at `time`, or at the latest after kNapMax: whoever waits looks around in between.
  void nap(Time time);
  void skip_to(Time time);

 private:
  static constexpr std::chrono::milliseconds kNapMax{100};

  Clock& clock_;
  bool skips_waits_;
  Duration skipped_{0};
};

/// What a task's call leads to, some time after it.
struct Reaction {
  Duration after{0};
  asl::Event event;
};

/// Who does the tasks of a run.
class TaskRunner {
 public:
  virtual ~TaskRunner() = default;
  /// Begins the task of a state. SystemError when it cannot be done here.
  virtual std::vector<Reaction> call(const Subject& subject, const asl::CallTask& call) = 0;
  /// Nobody waits for it any longer.
  virtual void cancel(const asl::CancelTask&) {}
  /// Whether something runs elsewhere, whose end nobody can foresee.
  virtual bool is_busy() const { return false; }
  /// What has become of that since the last time.
  virtual std::vector<asl::Event> poll() { return {}; }
};

/// Who watches a run.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void happened(const asl::HistoryEvent& event, const Subject& subject) = 0;
  /// It will be tried again.
  virtual void will_retry(const Subject& subject, Duration after) = 0;
};

class LocalRun {
 public:
  /// All arguments must outlive it.
  LocalRun(const asl::Machine& machine, const asl::Facts& facts, Pace& pace, Random& random,
           TaskRunner& tasks, RunObserver& observer);

  /// Runs to the end. Interrupted while it runs, it ends as an aborted execution does, with what
  /// its tasks have begun stopped; what cannot be done here is a SystemError after the same.
  asl::Ended run();

 private:
  struct Due {
    std::string timer;  // "" for a reaction
    std::optional<asl::Event> event;
  };
  using Agenda = std::multimap<Time, Due>;  // entries of one time in the order of their coming

  void advance();
  void take(const asl::Event& event);
  void perform(const asl::CallTask& call);
  void perform(const asl::SetTimer& timer);
  void perform(const asl::CancelTimer& timer);
  void perform(const asl::CancelTask& task);
  void perform(const asl::Ended& ended) { ended_ = ended; }
  const asl::Machine& machine_;
  const asl::Facts& facts_;
  Pace& pace_;
  Random& random_;
  TaskRunner& tasks_;
  RunObserver& observer_;
  asl::Snapshot snapshot_;
  Agenda agenda_;
  Subjects subjects_;
  std::optional<asl::Ended> ended_;
};

}  // namespace trainyard::cli
