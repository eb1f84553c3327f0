#include "services/states/simulation/simulation.hpp"

#include <gtest/gtest.h>

namespace trainyard::states::simulation {
namespace {

TEST(Simulation, Seeds) {
  Stage stage;
  int failed = 0;
  for (uint64_t seed = 0; seed < 500 && failed < 3; ++seed) {
    Verdict verdict = simulate(stage, seed);
    if (verdict.problems.empty()) continue;
    ++failed;
    ADD_FAILURE() << report(stage, seed, verdict);
  }
}

}  // namespace
}  // namespace trainyard::states::simulation
