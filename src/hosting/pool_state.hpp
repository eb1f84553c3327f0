// What the pool's requests and its supervisor share.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "hosting/frame.hpp"
#include "hosting/pool.hpp"

namespace trainyard::hosting {

/// One request on its way through the pool. Guarded by the pool's mutex.
struct Pool::Ticket {
  uint64_t number = 0;
  std::string start;  // everything before the body
  std::string body;
  bool sent = false;     // it lies where the workers take requests from, or one has taken it
  int64_t deadline = 0;  // monotonic nanoseconds: to get a worker, then to be answered
  std::optional<http::Response> response;
  std::function<void()> ready;  // to be called once there is one
};

struct Pool::Impl {
  WorkerCommand command;
  int count;
  std::chrono::milliseconds timeout;
  http::Server& server;  // its loop takes in what workers answer
  Fd requests, taken_from;  // both ends of the socket that all workers take requests from

  mutable std::mutex mutex;
  std::condition_variable answered;
  uint64_t last_number = 0;
  std::deque<std::shared_ptr<Ticket>> queue;  // not sent yet
  std::unordered_map<uint64_t, std::shared_ptr<Ticket>> sent;
  std::vector<std::shared_ptr<Worker>> workers;
  std::atomic<int> warm{0};           // workers that have loaded and live
  std::atomic<bool> served{false};    // there was one
  std::atomic<bool> stopping{false};
  std::atomic<bool> hopeless{false};  // the model cannot be loaded
  Fd wake, given_up;
  std::thread supervisor;

  Impl(WorkerCommand command, int count, std::chrono::milliseconds timeout, http::Server& server);

  // With the lock held.
  /// Sends what waits, as far as workers will soon want it.
  void feed();
  void answer(Ticket& ticket, http::Response response);
  /// What it has answered, to whom it answers.
  void give_out(Worker& worker);
  /// The worker that has begun with it, or null.
  std::shared_ptr<Worker> worker_with(const Ticket& ticket) const;
  /// Tells it to say where it is and to end; SIGKILL follows.
  void condemn(const std::shared_ptr<Worker>& worker, int signal);
  /// It has ended, or makes no sense: what it has begun is lost.
  void lose(const std::shared_ptr<Worker>& worker);
  /// Requests that somebody has taken who has not lived to say so.
  void lose_orphans();
  /// All that is not answered yet: there will be no worker.
  void refuse_all();

  /// A worker has something to say. On the loop's thread.
  void take_in(const std::shared_ptr<Worker>& worker);
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
  void do_what_is_due();
  void bury(const std::shared_ptr<Worker>& worker);
  void failed_to_load(const std::shared_ptr<Worker>& worker, const std::string& how);
  void end_all();

  Pool::Impl& pool_;
  std::vector<Start> starts_;
  int64_t orphans_at_ = INT64_MAX;  // when to look for them
  int failures_ = 0;   // in a row, of loads
  bool others_started_ = false;
};

}  // namespace trainyard::hosting
