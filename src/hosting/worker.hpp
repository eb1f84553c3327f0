// A process that answers requests: it takes them off a socket that it shares with the others, and
// answers on one of its own.
#pragma once

#include <memory>
#include <string>

#include <sys/types.h>

#include "base/files.hpp"
#include "hosting/frame.hpp"
#include "hosting/settings.hpp"

namespace trainyard::hosting {

/// What a worker finds as descriptors: its own socket, the one of requests, and its page.
inline constexpr int kWorkerSocket = 3, kRequestsSocket = 4, kWorkerPage = 5;

/// A worker's page: what it does, written by itself before it begins, and what it is told.
struct Doing {
  uint64_t request;  // its number, highest byte first; 0: nothing yet
  int64_t begun;     // monotonic nanoseconds
  uint64_t leave;    // written by us: not 0 when it is to take no other request
};

/// Memory that is shared with a worker.
class Page {
 public:
  Page();
  ~Page();
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  int fd() const { return file_.get(); }
  /// The worker may be writing meanwhile.
  uint64_t request() const;
  int64_t begun() const;
  void tell_to_leave();

 private:
  Fd file_;
  volatile Doing* doing_;
};

struct Worker {
  enum class State { loading, ready, condemned };

  int number = 0;  // from 1, for people
  pid_t pid = -1;
  Fd process;  // its pidfd
  Fd socket;   // our end
  Page page;
  FrameReader answers;
  State state = State::loading;
  bool loaded = false;
  int64_t kill_at = 0;  // monotonic nanoseconds; 0: not yet condemned

  /// Does nothing once it has ended.
  void signal(int number) const;
  /// "worker 1 (process 17)".
  std::string name() const;
};

/// Starts one, which takes requests off `requests`; it ends with the thread that calls. SystemError
/// when it cannot be started.
std::shared_ptr<Worker> start_worker(const WorkerCommand& command, int number, int requests);

/// "exit code 3", "signal 9 (Killed)", from waitpid's status.
std::string ending_text(int status);

}  // namespace trainyard::hosting
