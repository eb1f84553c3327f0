// Phases of the instance to the daemon, in order, without making the instance wait.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "agent/daemon_link.hpp"
#include "base/clock.hpp"

namespace trainyard::agent {

class Reporter {
 public:
  /// An answer with the command "stop" triggers `stop`.
  Reporter(DaemonLink& link, StopSignal& stop, Clock& clock);
  ~Reporter();

  void phase(const std::string& name);
  /// The last word: returns once it was heard, or after `wait`; what was left is found in the
  /// receipt.
  void ended(const json::object& receipt, std::chrono::milliseconds wait);

 private:
  void add(json::object report);
  void run();
  void send(const json::object& report);

  DaemonLink& link_;
  StopSignal& stop_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<json::object> waiting_;
  bool closed_ = false;
  StopSignal give_up_, done_;
  std::thread thread_;
};

}  // namespace trainyard::agent
