// Performs the outbox: what transactions asked for, after their commit, in order of due time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string_view>

#include "server/parts.hpp"

namespace trainyard::server {

/// How many messages one transaction delivers at most; its group commit is one fsync for all.
inline constexpr int kDeliveriesPerTurn = 64;
/// A delivery that fails is tried again after 1 s, 2 s, 4 s … up to this.
inline constexpr std::chrono::seconds kRetryDelayMax{60};

/// Who takes which kind of message.
struct Deliveries {
  using Outside = std::map<std::string_view, std::function<void(const outbox::Message&)>>;
  /// In one transaction with the message's removal.
  std::map<std::string_view, std::function<void(Call&, const outbox::Message&)>> inside;
  /// These act on the world. Messages of one key are performed one at a time.
  Outside outside;
  /// So do these, but what they wait for is others' and may take a minute: they have threads of
  /// their own, so that nothing of ours waits behind them.
  Outside slow;
};

class Performer {
 public:
  Performer(const Parts& parts, Deliveries deliveries);
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
