// The wish that an instance ends: from a signal, from the daemon, or from the file `stop`.
#pragma once

#include <chrono>

#include "base/files.hpp"

namespace trainyard::agent {

/// Once triggered, for ever; for many threads.
class StopSignal {
 public:
  StopSignal();
  void trigger();
  bool triggered() const { return wait_for(std::chrono::milliseconds(0)); }
  /// Sleeps; true as soon as it is triggered.
  bool wait_for(std::chrono::milliseconds time) const;
  int fd() const { return event_.get(); }  // readable once triggered

 private:
  Fd event_;
};

}  // namespace trainyard::agent
