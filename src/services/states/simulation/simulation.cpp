#include "services/states/simulation/simulation.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "services/states/simulation/run.hpp"

namespace trainyard::states::simulation {
namespace {

/// Every so many seeds the disturbed run is made twice, and must leave the same bytes.
constexpr uint64_t kTwiceEvery = 8;
/// Disturbances are drawn apart from the machine, so that a smaller one meets the same.
constexpr uint64_t kDisturbanceSalt = 0x5851f42d4c957f2d;

void compare(std::string_view what, const std::string& calm, const std::string& disturbed,
             std::string& problems) {
  if (calm == disturbed) return;
  problems += fmt::format("{} is {} where it would be {}\n", what, disturbed, calm);
}

void add_faults(std::string_view run, const Faults& faults, std::string& problems) {
  for (const std::string& fault : faults) problems += fmt::format("{}: {}\n", run, fault);
}

/// "3<2 2023-11-14T22:13:20.000Z TaskScheduled", one line an event; with the state that it enters.
std::string lines_of(const std::vector<HistoryEvent>& events) {
  std::string lines;
  for (const HistoryEvent& event : events) {
    const auto& entered = event.state_entered_event_details;
    lines += fmt::format("  {}<{} {} {} {}\n", event.id, event.previous_event_id.value_or(-1),
                         iso8601(event.timestamp), event.type, entered ? entered->name : "");
  }
  return lines;
}

}  // namespace

Verdict judge(Stage& stage, const Plan& plan, uint64_t seed) {
  Disturbances disturbances(seed ^ kDisturbanceSalt, plan.depends_on_time);
  const bool twice = seed % kTwiceEvery == 0;
  Ending calm = run(stage, plan, Disturbances(), seed, false);
  Ending disturbed = run(stage, plan, disturbances, seed, twice);
  Verdict verdict{"", calm.transactions + disturbed.transactions, std::move(calm.events),
                  std::move(disturbed.events)};
  add_faults("undisturbed", calm.faults, verdict.problems);
  add_faults("disturbed", disturbed.faults, verdict.problems);
  if (!plan.depends_on_time) {
    compare("status", calm.status, disturbed.status, verdict.problems);
    compare("output", calm.output, disturbed.output, verdict.problems);
    compare("error", calm.error, disturbed.error, verdict.problems);
    compare("cause", calm.cause, disturbed.cause, verdict.problems);
  }
  if (twice) {
    Ending again = run(stage, plan, disturbances, seed, true);
    verdict.transactions += again.transactions;
    compare("history", disturbed.history, again.history, verdict.problems);
  }
  return verdict;
}

Verdict simulate(Stage& stage, uint64_t seed, int size) {
  try {
    return judge(stage, make_plan(seed, size), seed);
  } catch (const std::exception& error) {  // by a handler that should have taken what it got
    stage.renew();
    return {fmt::format("broken off: {}\n", error.what()), 0, {}, {}};
  }
}

std::string report(Stage& stage, uint64_t seed, const Verdict& verdict) {
  int size = 1;
  Verdict smallest = verdict;
  for (; size < kSizeMax; ++size) {
    Verdict smaller = simulate(stage, seed, size);
    if (smaller.problems.empty()) continue;
    smallest = std::move(smaller);
    break;
  }
  const Plan plan = make_plan(seed, size);
  return fmt::format(
      "seed {} fails:\n{}again: script/simulate --from {} --seeds 1\n"
      "its smallest machine that fails (size {}):\n{}\nwith\n{}undisturbed\n{}disturbed\n{}",
      seed, verdict.problems, seed, size, dump_pretty(parse_own_json(plan.definition), 2),
      smallest.problems, lines_of(smallest.calm), lines_of(smallest.disturbed));
}

}  // namespace trainyard::states::simulation
