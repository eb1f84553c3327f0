// A process that answers requests over a socket.
#pragma once

#include <memory>
#include <string>

#include <sys/types.h>

#include "base/files.hpp"
#include "hosting/settings.hpp"

namespace trainyard::hosting {

/// The worker's end of its socket.
inline constexpr int kWorkerSocket = 3;

struct Worker {
  enum class State { loading, idle, busy, condemned };

  int number = 0;  // from 1, for people
  pid_t pid = -1;
  Fd process;  // its pidfd
  Fd socket;   // our end
  State state = State::loading;
  bool loaded = false;
  int64_t kill_at = 0;  // monotonic nanoseconds; 0: not yet condemned

  /// Does nothing once it has ended.
  void signal(int number) const;
  /// "worker 1 (process 17)".
  std::string name() const;
};

/// Starts one; it ends with the thread that calls. SystemError when it cannot be started.
std::shared_ptr<Worker> start_worker(const WorkerCommand& command, int number);

/// "exit code 3", "signal 9 (Killed)", from waitpid's status.
std::string ending_text(int status);

}  // namespace trainyard::hosting
