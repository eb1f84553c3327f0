// Requests of workflows into the world (`http:invoke`), each within a time that holds whatever the
// other side does.
#pragma once

#include <chrono>
#include <exception>
#include <memory>

#include "services/call.hpp"
#include "services/states/http_task.hpp"

namespace trainyard::server {

/// The daemon stops: the call is to be made again by its next start.
class BrokenOff : public std::exception {
 public:
  const char* what() const noexcept override { return "the daemon stops"; }
};

/// For an HTTP task as a whole (Step Functions Developer Guide, "Call HTTPS APIs in Step Functions
/// workflows", "Limitations").
inline constexpr std::chrono::milliseconds kHttpTimeout{60'000};

class HttpCalls {
 public:
  explicit HttpCalls(const Site& site, std::chrono::milliseconds timeout = kHttpTimeout);
  ~HttpCalls();

  /// Makes the request; what hinders it is States.Http.Socket. BrokenOff after stop().
  asl::TaskResult make(const states::HttpTask& task);
  /// Breaks off what is under way.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trainyard::server
