// What the pool's requests and its supervisor share.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "hosting/frame.hpp"
#include "hosting/pool.hpp"

namespace trainyard::hosting {

/// Makes an eventfd readable.
void ring(const Fd& bell);

/// One request on its way through the pool.
struct Pool::Ticket {
  std::string start;  // everything before the body
  std::string body;
  std::size_t sent = 0;
  int64_t deadline = 0;            // monotonic nanoseconds: to get a worker, then to be answered
  std::shared_ptr<Worker> worker;  // once it has one
  Fd called;                       // while it has none: readable once it has one
  FrameReader reply;

  bool all_sent() const { return sent == start.size() + body.size(); }
};

struct Pool::Impl {
  WorkerCommand command;
  int count;
  std::chrono::milliseconds timeout;

  mutable std::mutex mutex;
  std::vector<std::shared_ptr<Worker>> idle;  // the last to get free is the first to be taken
  std::deque<std::shared_ptr<Ticket>> queue;
  std::vector<std::shared_ptr<Worker>> workers;
  std::atomic<int> warm{0};           // workers that have loaded and live
  std::atomic<bool> served{false};    // there was one
  std::atomic<bool> stopping{false};
  std::atomic<bool> hopeless{false};  // the model cannot be loaded
  Fd wake, given_up;
  std::thread supervisor;

  Impl(WorkerCommand command, int count, std::chrono::milliseconds timeout);

  // With the lock held.
  void assign(const std::shared_ptr<Ticket>& ticket, const std::shared_ptr<Worker>& worker);
  void free(const std::shared_ptr<Worker>& worker);

  /// Requests without a worker look again at what has become of them.
  void call_queue();
  void release(const std::shared_ptr<Worker>& worker);
  void withdraw(const std::shared_ptr<Ticket>& ticket);
  /// Tells it to say where it is and to end; SIGKILL follows.
  void condemn(const std::shared_ptr<Worker>& worker, int signal);
  void wake_supervisor() const;
};

/// Starts workers, takes note of their ends and replaces them: the pool's own thread.
class Supervisor {
 public:
  explicit Supervisor(Pool::Impl& pool) : pool_(pool) {}
  void run();

 private:
  struct Start {
    int number;
    int64_t at;
  };

  void start_due();
  void start(int number);
  int wait_ms() const;
  void wait();
  void take_in_load(const std::shared_ptr<Worker>& worker);
  void kill_condemned();
  void bury(const std::shared_ptr<Worker>& worker);
  void failed_to_load(const std::shared_ptr<Worker>& worker, const std::string& how);
  void end_all();

  Pool::Impl& pool_;
  std::vector<Start> starts_;
  int failures_ = 0;   // in a row, of loads
  bool others_started_ = false;
};

}  // namespace trainyard::hosting
