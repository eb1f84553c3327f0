// Simulation by seeds: each makes a machine, a world and disturbances; it is run without these and
// with them, and must come to the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "generated/states/types.hpp"
#include "services/states/simulation/plan.hpp"
#include "services/states/simulation/stage.hpp"

namespace trainyard::states::simulation {

struct Verdict {
  std::string problems;  // one line each; "" when all is well
  int64_t transactions = 0;
  /// The histories: undisturbed and disturbed.
  std::vector<HistoryEvent> calm, disturbed;
};

/// Runs the plan without disturbances and with those of the seed.
Verdict judge(Stage& stage, const Plan& plan, uint64_t seed);

/// Judges the seed's own plan. Same seed and size, same verdict.
Verdict simulate(Stage& stage, uint64_t seed, int size = kSizeMax);

/// What is said of a seed that fails: its problems, how to run it again, and the smallest machine
/// of the seed that fails as well, with its histories.
std::string report(Stage& stage, uint64_t seed, const Verdict& verdict);

}  // namespace trainyard::states::simulation
