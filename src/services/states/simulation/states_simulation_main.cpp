// states-simulation FROM COUNT: simulates the seeds from FROM on, and says which of them fail.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "base/clock.hpp"
#include "services/states/simulation/simulation.hpp"

namespace {

constexpr double kNanosPerSecond = 1e9;

}  // namespace

int main(int argc, char** argv) {
  using namespace trainyard;
  if (argc != 3) {
    std::fprintf(stderr, "usage: states-simulation FROM COUNT\n");
    return 2;
  }
  const uint64_t from = std::strtoull(argv[1], nullptr, 10);
  const uint64_t count = std::strtoull(argv[2], nullptr, 10);
  const int64_t begin = monotonic_nanos();
  states::simulation::Stage stage;
  uint64_t failed = 0;
  int64_t transactions = 0;
  for (uint64_t seed = from; seed < from + count; ++seed) {
    auto verdict = states::simulation::simulate(stage, seed);
    transactions += verdict.transactions;
    if (verdict.problems.empty()) continue;
    ++failed;
    fmt::print("{}\n", states::simulation::report(stage, seed, verdict));
    std::fflush(stdout);
  }
  fmt::print("{} seeds from {}, {} failed, {} transactions, {:.1f} s\n", count, from, failed,
             transactions, static_cast<double>(monotonic_nanos() - begin) / kNanosPerSecond);
  return failed == 0 ? 0 : 1;
}
