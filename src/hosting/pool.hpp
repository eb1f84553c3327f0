// The workers: started, watched, replaced; each takes the next request when it is free.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "hosting/worker.hpp"
#include "http/server.hpp"

namespace trainyard::hosting {

/// So many workers in a row that end while they load, with none that serves, end the server.
inline constexpr int kLoadTriesMax = 3;

class Pool {
 public:
  /// Starts the first worker; the others follow once it is warm, so that a model that cannot be
  /// loaded fails once at a time.
  /// `server` must have quick requests and outlive the pool: its loop takes in the answers.
  Pool(WorkerCommand command, int workers, std::chrono::milliseconds timeout,
       http::Server& server);
  ~Pool();  // stops
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Whether some worker has loaded its model: those that fail later are replaced, and requests
  /// wait for that. False again once the model has turned out to be one that cannot be loaded.
  bool ready() const;
  /// Readable once the model has turned out to be one that cannot be loaded.
  int given_up() const;
  int workers() const;

  /// Hands the request to the first worker that is, or gets, free. The response is the worker's,
  /// or 500 when the worker ends, 504 when it takes longer than the time-out (it is replaced), 503
  /// when none gets free in that time.
  std::unique_ptr<http::PendingResponse> submit(const std::string& head, std::string body);

  /// Ends all workers. What they were asked is answered 503.
  void stop();

 private:
  friend class Supervisor;
  struct Impl;
  struct Ticket;
  class Pending;
  std::shared_ptr<Impl> impl_;
};

}  // namespace trainyard::hosting
