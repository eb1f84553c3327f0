// Calls of workflows' tasks that are made outside of transactions: operations whose bodies stream,
// and requests into the world (`http:invoke`).
#pragma once

#include <memory>

#include "server/parts.hpp"

namespace trainyard::server {

class OutsideCalls {
 public:
  OutsideCalls(const Parts& parts, InstanceRouter& router);
  ~OutsideCalls();

  /// Takes `states.call`: makes the call and gives its result to the execution. A crash between the
  /// two makes the call again: its receiver hears it at least once.
  void perform(const outbox::Message& message);
  /// Breaks off what is under way, for the next start to begin anew: perform throws.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trainyard::server
