// What goes wrong in a run, decided by a seed; in an undisturbed run nothing does.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "store/outbox.hpp"

namespace trainyard::states::simulation {

/// Where a transaction is hit; a crash at the first three is one of the daemon's named points.
enum class Fault {
  none,
  crash_before,     // "perform.…": nothing of it has run
  crash_commit,     // "store.commit": all of it has run, nothing is kept
  crash_committed,  // "store.committed": all of it is kept, whoever asked for it does not hear so
  aborted,          // undone by the store, and asked for again
};

class Disturbances {
 public:
  /// An undisturbed run.
  Disturbances() : random_(0) {}
  /// `depends_on_time`: how the run ends need not be as it is undisturbed, so that anything may be
  /// as late as it wants.
  Disturbances(uint64_t seed, bool depends_on_time);

  bool disturb() const { return disturb_; }
  /// Every transaction runs twice, and is undone once.
  bool rerun_writes() const { return rerun_writes_; }
  /// Calls are made in transactions of their own.
  bool calls_outside() const { return calls_outside_; }

  Fault fault();
  /// Which of `count` messages that are due comes first.
  std::size_t pick(std::size_t count);
  /// How many are delivered in one transaction.
  std::size_t group();
  /// For how long the message, which is due, is not seen yet.
  std::optional<Duration> late(const outbox::Message& message, Time now);
  /// A message that was delivered comes once more.
  bool twice();
  bool lose_event();
  /// The answer to a worker that asks for a task does not reach it.
  bool lose_answer();
  /// How far the clock jumps; not when a call is under way that may not be late.
  std::optional<Duration> jump(bool call_waits);

 private:
  bool chance(int percent);

  SeededRandom random_;
  bool disturb_ = false;
  bool depends_on_time_ = false;
  bool rerun_writes_ = false;
  bool calls_outside_ = false;
  // In percent of the occasions.
  int faults_ = 0, out_of_order_ = 0, late_ = 0, twice_ = 0, lost_ = 0, jumps_ = 0;
  int crashes_left_ = 0;
  Duration jumped_{0};
};

}  // namespace trainyard::states::simulation
