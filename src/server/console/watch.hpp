// Streams of changes: reads of a page, run again after commits, as lines of JSON.
#pragma once

#include <atomic>

#include "server/console/gate.hpp"
#include "server/console/pulse.hpp"
#include "server/console/reads.hpp"

namespace trainyard::server::console {

/// Each holds its connection's thread.
inline constexpr int kWatchersMax = 64;

class Watchers {
 public:
  Watchers(const Parts& parts, const Gate& gate) : parts_(parts), gate_(gate) {}

  /// A response without an end: it ends with its session, with the client, and with stop().
  /// ApiError 400 for reads that cannot be watched, ThrottlingException 429 when there are
  /// kWatchersMax.
  http::Response watch(http::Request& request);

  void committed() { pulse_.beat(); }
  void stop() { pulse_.stop(); }

 private:
  class Stream;

  Parts parts_;
  const Gate& gate_;
  Pulse pulse_;
  std::atomic<int> streams_{0};
};

}  // namespace trainyard::server::console
