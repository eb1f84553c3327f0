// Performs the outbox: what transactions asked for, after their commit, in order of due time.
#pragma once

#include <memory>

#include "server/parts.hpp"

namespace trainyard::server {

class AgentDoor;

/// How many messages one transaction delivers at most; its group commit is one fsync for all.
inline constexpr int kDeliveriesPerTurn = 64;
/// A delivery that fails is tried again after 1 s, 2 s, 4 s … up to this.
inline constexpr std::chrono::seconds kRetryDelayMax{60};

class Performer {
 public:
  Performer(const Parts& parts, AgentDoor& agents);
  ~Performer();  // stops after what is in flight

  void start();
  void stop();
  /// Something was posted, or the clock moved.
  void wake();

  /// Performs everything that is due now, on the calling thread (tests on a virtual clock).
  /// Returns the number of messages performed.
  int run_due();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trainyard::server
