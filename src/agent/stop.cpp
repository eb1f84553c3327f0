#include "agent/stop.hpp"

#include <cerrno>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace trainyard::agent {

StopSignal::StopSignal() : event_(::eventfd(0, EFD_CLOEXEC)) {
  if (!event_) throw_errno("cannot make an event descriptor");
}

void StopSignal::trigger() {
  const uint64_t one = 1;
  write_all(event_.get(), {reinterpret_cast<const char*>(&one), sizeof one}, "an event");
}

bool StopSignal::wait_for(std::chrono::milliseconds time) const {
  const int64_t end = monotonic_nanos() + std::chrono::nanoseconds(time).count();
  for (;;) {
    const int64_t left = std::max<int64_t>(0, end - monotonic_nanos());
    pollfd entry{event_.get(), POLLIN, 0};
    int ready = ::poll(&entry, 1, static_cast<int>((left + 999'999) / 1'000'000));
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) throw_errno("poll");
  }
}

}  // namespace trainyard::agent
