#include "services/states/simulation/disturbances.hpp"

#include "services/states/simulation/plan.hpp"

namespace trainyard::states::simulation {
namespace {

/// Opening a store takes as long as some ten transactions: a few crashes a run will do.
constexpr int kCrashesMax = 8;
constexpr std::size_t kGroupMax = 4;
constexpr std::chrono::hours kJumpMax{24};
/// All jumps of a run together: no generous timeout of a plan is reached, and no execution
/// forgotten.
constexpr std::chrono::hours kJumpsMax{50 * 24};

Duration up_to(Random& random, Duration bound) {
  return Duration(1 + static_cast<int64_t>(random.below(static_cast<uint64_t>(bound.count()))));
}

}  // namespace

Disturbances::Disturbances(uint64_t seed, bool depends_on_time)
    : random_(seed), disturb_(true), depends_on_time_(depends_on_time) {
  // Each is off in half of the runs, so that one is seen to fail without the others.
  auto percent = [&](int most) {
    return random_.below(2) == 0 ? 0 : 1 + static_cast<int>(random_.below(most));
  };
  faults_ = percent(60);
  out_of_order_ = percent(100);
  late_ = percent(40);
  twice_ = percent(50);
  lost_ = percent(100);
  jumps_ = percent(20);
  rerun_writes_ = random_.below(3) == 0;
  calls_outside_ = random_.below(3) == 0;
  crashes_left_ = faults_ == 0 ? 0 : static_cast<int>(random_.below(kCrashesMax + 1));
}

bool Disturbances::chance(int percent) {
  return percent > 0 && random_.below(100) < static_cast<uint64_t>(percent);
}

Fault Disturbances::fault() {
  if (!chance(faults_)) return Fault::none;
  static constexpr Fault kCrashes[] = {Fault::crash_before, Fault::crash_commit,
                                       Fault::crash_committed};
  if (crashes_left_ == 0 || random_.below(2) == 0) return Fault::aborted;
  --crashes_left_;
  return kCrashes[random_.below(std::size(kCrashes))];
}

std::size_t Disturbances::pick(std::size_t count) {
  return chance(out_of_order_) ? random_.below(count) : 0;
}

std::size_t Disturbances::group() { return disturb_ ? 1 + random_.below(kGroupMax) : 1; }

std::optional<Duration> Disturbances::late(const outbox::Message& message, Time now) {
  if (!chance(late_)) return std::nullopt;
  const Duration most = std::chrono::seconds(kLateSecondsMax);
  if (depends_on_time_) return up_to(random_, most);
  const Duration left = message.due + most - now;
  return left > Duration(0) ? std::optional(up_to(random_, left)) : std::nullopt;
}

bool Disturbances::twice() { return chance(twice_); }
bool Disturbances::lose_event() { return chance(lost_); }
bool Disturbances::lose_answer() { return chance(lost_ / 2); }

std::optional<Duration> Disturbances::jump(bool call_waits) {
  if (!chance(jumps_) || jumped_ > kJumpsMax || (call_waits && !depends_on_time_)) {
    return std::nullopt;
  }
  Duration by = up_to(
      random_, random_.below(2) == 0 ? Duration(kJumpMax) : Duration(std::chrono::minutes(1)));
  jumped_ += by;
  return by;
}

}  // namespace trainyard::states::simulation
