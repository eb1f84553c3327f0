// When requests come in: a Poisson process, the same for everyone who asks for the same rate.
#pragma once

#include <chrono>
#include <cmath>
#include <random>

/// Times one after the other, `rate` a second in the mean, from `begin` on.
class Arrivals {
 public:
  using Clock = std::chrono::steady_clock;

  Arrivals(double rate, Clock::time_point begin) : rate_(rate), next_(begin) { pass(); }
  Clock::time_point next() const { return next_; }
  void pass() {
    // The engine's values are the standard's; a distribution's are each library's own.
    const double uniform = (static_cast<double>(engine_()) + 0.5) / 4294967296.0;
    next_ += std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(-std::log(uniform) / rate_));
  }

 private:
  const double rate_;
  Clock::time_point next_;
  std::mt19937 engine_;  // default seed
};
