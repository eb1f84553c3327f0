// Streams of changes: reads of a page, run again after commits, as lines of JSON.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "server/console/gate.hpp"
#include "server/console/pulse.hpp"
#include "server/console/reads.hpp"

namespace trainyard::server::console {

/// Each holds its connection's thread.
inline constexpr int kWatchersMax = 64;
/// Of one access key, so that the rest is left to others.
inline constexpr int kWatchersOfKeyMax = 24;
/// What a stream asks for is kept as long as it lasts.
inline constexpr std::size_t kWatchBytesMax = 256 << 10;

class Watchers {
 public:
  Watchers(const Parts& parts, const Gate& gate) : parts_(parts), gate_(gate) {}

  /// A response without an end: it ends with its session, with the client, and with stop().
  /// ApiError 400 for reads that cannot be watched, ThrottlingException 429 when there are
  /// kWatchersMax, or kWatchersOfKeyMax of the caller's key.
  http::Response watch(const Caller& caller, http::Request& request);

  void committed() { pulse_.beat(); }
  void stop() { pulse_.stop(); }

 private:
  class Stream;
  std::shared_ptr<void> take_place(const std::string& access_key);

  Parts parts_;
  const Gate& gate_;
  Pulse pulse_;
  std::mutex mutex_;
  std::map<std::string, int> streams_;  // by access key
};

}  // namespace trainyard::server::console
