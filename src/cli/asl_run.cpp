#include "cli/asl_run.hpp"

#include <algorithm>
#include <exception>
#include <thread>

#include "base/error.hpp"
#include "cli/interrupt.hpp"

namespace trainyard::cli {

void Pace::nap(Time time) {
  const Duration rest = std::min<Duration>(time - now(), kNapMax);
  if (rest.count() > 0) std::this_thread::sleep_for(rest);
}

void Pace::skip_to(Time time) { skipped_ += std::max(Duration{0}, time - now()); }

LocalRun::LocalRun(const asl::Machine& machine, const asl::Facts& facts, Pace& pace,
                   Random& random, TaskRunner& tasks, RunObserver& observer)
    : machine_(machine),
      facts_(facts),
      pace_(pace),
      random_(random),
      tasks_(tasks),
      observer_(observer),
      subjects_(machine) {}

asl::Ended LocalRun::run() {
  try {
    take(asl::Started{});
    while (!ended_) {
      check_interrupt();
      advance();
    }
  } catch (const Interrupted&) {
    if (!ended_) take(asl::Aborted{});
  } catch (...) {
    if (!ended_) take(asl::Aborted{});
    throw;
  }
  return *ended_;
}

void LocalRun::advance() {
  for (const asl::Event& event : tasks_.poll()) {
    if (!ended_) take(event);
  }
  if (ended_) return;
  const bool busy = tasks_.is_busy();
  TRAINYARD_ASSERT(busy || !agenda_.empty());
  const auto first = agenda_.begin();
  const Time due = first == agenda_.end() ? Time::max() : first->first;
  // What runs elsewhere takes its own time: leaping past its end would be wrong.
  if (pace_.skips_waits() && !busy) pace_.skip_to(due);
  if (due > pace_.now()) return pace_.nap(due);
  Due entry = std::move(first->second);
  agenda_.erase(first);
  if (entry.event) {
    take(*entry.event);
  } else {
    take(asl::TimerFired{entry.timer});
  }
}

void LocalRun::take(const asl::Event& event) {
  asl::Outcome outcome =
      asl::step(machine_, {facts_, std::move(snapshot_)}, event, pace_.now(), random_);
  snapshot_ = std::move(outcome.snapshot);
  for (const asl::HistoryEvent& entry : outcome.history) {
    observer_.happened(entry, subjects_.add(entry));
  }
  for (const asl::Command& command : outcome.commands) {
    std::visit([this](const auto& one) { perform(one); }, command);
  }
}

void LocalRun::perform(const asl::CallTask& call) {
  for (Reaction& reaction : tasks_.call(subjects_.of(call.call.entered), call)) {
    agenda_.emplace(pace_.now() + reaction.after, Due{"", std::move(reaction.event)});
  }
}

void LocalRun::perform(const asl::SetTimer& timer) {
  agenda_.emplace(timer.due, Due{timer.timer, std::nullopt});
  constexpr std::string_view kRetry = "retry:";
  if (!timer.timer.starts_with(kRetry)) return;
  if (const auto call = asl::CallId::parse(timer.timer.substr(kRetry.size()))) {
    observer_.will_retry(subjects_.of(call->entered), timer.due - pace_.now());
  }
}

void LocalRun::perform(const asl::CancelTimer& timer) {
  std::erase_if(agenda_, [&](const auto& entry) { return entry.second.timer == timer.timer; });
}

void LocalRun::perform(const asl::CancelTask& task) { tasks_.cancel(task); }

}  // namespace trainyard::cli
