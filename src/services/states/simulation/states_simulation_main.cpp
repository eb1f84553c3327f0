// states-simulation FROM COUNT: simulates the seeds from FROM on, and says which of them fail.
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
  uint64_t failed = 0, transactions = 0;
  for (uint64_t seed = from; seed < from + count; ++seed) {
    auto verdict = states::simulation::simulate(stage, seed);
    transactions += static_cast<uint64_t>(verdict.transactions);
    if (verdict.problems.empty()) continue;
    ++failed;
    std::printf("%s\n", states::simulation::report(stage, seed, verdict).c_str());
    std::fflush(stdout);
  }
  std::printf("%llu seeds from %llu, %llu failed, %llu transactions, %.1f s\n",
              static_cast<unsigned long long>(count), static_cast<unsigned long long>(from),
              static_cast<unsigned long long>(failed),
              static_cast<unsigned long long>(transactions),
              static_cast<double>(monotonic_nanos() - begin) / kNanosPerSecond);
  return failed == 0 ? 0 : 1;
}
