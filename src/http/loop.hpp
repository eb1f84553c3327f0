// Connections that wait, without a thread each: for a next request, or for a pending response.
#pragma once

#include <functional>
#include <memory>

#include "http/session.hpp"

namespace trainyard::http {

/// One thread that goes on with sessions as far as that takes no waiting. Under load it finds many
/// of them ready at once and wakes for none, where a thread each would be woken for every message.
class Loop {
 public:
  using Take = std::function<void(std::unique_ptr<Session>)>;

  /// `needs_thread` and `ended` take a session back; they are called on the loop's thread.
  Loop(std::chrono::milliseconds idle_timeout, Take needs_thread, Take ended);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Parks a session whose go_on() came back with `pending`. From any thread.
  void add(std::unique_ptr<Session> session);
  /// Calls `readable` on the loop's thread for as long as the descriptor has something to read.
  /// From any thread; `unwatch` before the descriptor is closed.
  void watch(int fd, std::function<void()> readable);
  void unwatch(int fd);
  /// Ends the thread and every session that is parked.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trainyard::http
