#include "server/console/pulse.hpp"

namespace trainyard::server::console {

void Pulse::beat() {
  {
    std::lock_guard lock(mutex_);
    ++now_.beats;
  }
  changed_.notify_all();
}

void Pulse::stop() {
  {
    std::lock_guard lock(mutex_);
    now_.stopped = true;
  }
  changed_.notify_all();
}

Pulse::Reading Pulse::read() const {
  std::lock_guard lock(mutex_);
  return now_;
}

Pulse::Reading Pulse::wait(std::optional<uint64_t> seen, std::chrono::nanoseconds time) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [&] { return now_.stopped || (seen && now_.beats != *seen); });
  return now_;
}

}  // namespace trainyard::server::console
