// News of commits for all who listen at the same time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

namespace trainyard::server::console {

class Pulse {
 public:
  /// Something was committed. Wakes and returns.
  void beat();
  /// The daemon stops: nobody waits any longer.
  void stop();

  struct Reading {
    uint64_t beats = 0;
    bool stopped = false;
  };
  Reading read() const;
  /// Returns at once when there are other beats than `seen`, or it has been stopped; otherwise when
  /// that comes about, or after `time`. Without `seen` beats wake nobody.
  Reading wait(std::optional<uint64_t> seen, std::chrono::nanoseconds time) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Reading now_;
};

}  // namespace trainyard::server::console
