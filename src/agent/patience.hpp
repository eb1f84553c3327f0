// Work that needs the daemon is repeated for as long as the daemon may come back.
#pragma once

#include <algorithm>
#include <chrono>

#include "agent/failure.hpp"
#include "agent/stop.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "http/client.hpp"

namespace trainyard::agent {

inline constexpr std::chrono::hours kDaemonAwayMax{24};
inline constexpr std::chrono::milliseconds kRetryFirst{50};
inline constexpr std::chrono::milliseconds kRetryMax{1'000};

/// How long to go on, and whether a stop ends it sooner.
class Patience {
 public:
  explicit Patience(std::chrono::nanoseconds max = kDaemonAwayMax, const StopSignal* stop = nullptr)
      : end_(monotonic_nanos() + max.count()), stop_(stop) {}

  /// Sleeps a little longer each time; false when there is no more patience. Throws Stopped.
  bool wait() {
    if (monotonic_nanos() > end_) return false;
    const auto time = delay_;
    delay_ = std::min(delay_ * 2, kRetryMax);
    if (stop_ == nullptr) {
      static const StopSignal kNever;
      kNever.wait_for(time);
    } else if (stop_->wait_for(time)) {
      throw Stopped();
    }
    return true;
  }

 private:
  int64_t end_;
  const StopSignal* stop_;
  std::chrono::milliseconds delay_ = kRetryFirst;
};

/// Repeats `work` while the daemon cannot be reached or is in trouble; then throws as it did.
template <class Work>
auto patiently(Patience patience, Work work) {
  for (;;) {
    try {
      return work();
    } catch (const http::TransportError&) {
      if (!patience.wait()) throw;
    } catch (const ApiError& error) {
      if (error.http_status() < 500 || !patience.wait()) throw;
    }
  }
}

}  // namespace trainyard::agent
