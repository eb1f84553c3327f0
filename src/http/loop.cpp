#include "http/loop.hpp"

#include <array>
#include <thread>
#include <unordered_map>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace trainyard::http {
namespace {

using std::chrono::milliseconds;

constexpr int kEventsAtOnce = 64;
/// How late a deadline may be noticed.
constexpr milliseconds kSweep{500};

int64_t nanos(milliseconds time) { return std::chrono::nanoseconds(time).count(); }

/// Events carry a parked session's number, or a watched descriptor with this bit; 0 wakes the loop.
constexpr uint64_t kWatchBit = uint64_t{1} << 63;

/// A parked session. At most one descriptor is watched for it, and each watch fires once.
struct Parked {
  std::unique_ptr<Session> session;
  uint64_t number = 0;  // never used again
  int watched = -1;
  int64_t deadline = 0;  // monotonic nanoseconds
};

}  // namespace

struct Loop::Impl {
  milliseconds idle_timeout;
  Take needs_thread, ended;
  Fd poll{::epoll_create1(EPOLL_CLOEXEC)};
  Fd wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  // The loop's thread only.
  std::unordered_map<uint64_t, std::unique_ptr<Parked>> parked;
  uint64_t last_number = 0;
  std::vector<uint64_t> ready;  // sessions that were called from this thread

  std::mutex mutex;
  std::vector<std::unique_ptr<Session>> arrivals;
  std::vector<uint64_t> called;  // from other threads
  std::unordered_map<int, std::shared_ptr<const std::function<void()>>> watchers;
  bool stopping = false;
  std::thread thread;

  void wake_up() {
    uint64_t one = 1;
    (void)!::write(wake.get(), &one, sizeof one);
  }

  void watch(Parked& entry, int fd) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
    event.data.u64 = entry.number;
    if (::epoll_ctl(poll.get(), EPOLL_CTL_MOD, fd, &event) != 0 &&
        ::epoll_ctl(poll.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      throw_errno("cannot watch a connection");
    }
    entry.watched = fd;
  }

  /// A watch that has not fired must not outlive its entry: a copy of the descriptor in a process
  /// that is just being started would keep it alive.
  void unwatch(Parked& entry) {
    if (entry.watched < 0) return;
    ::epoll_ctl(poll.get(), EPOLL_CTL_DEL, entry.watched, nullptr);
    entry.watched = -1;
  }

  void leave(Parked& entry, const Take& take) {
    unwatch(entry);
    std::unique_ptr<Session> session = std::move(entry.session);
    parked.erase(entry.number);
    take(std::move(session));
  }

  void go_on(Parked& entry) {
    switch (entry.session->go_on(false)) {
      case Session::Pause::ended: return leave(entry, ended);
      case Session::Pause::thread: return leave(entry, needs_thread);
      case Session::Pause::idle:
        entry.deadline = monotonic_nanos() + nanos(idle_timeout);
        return watch(entry, entry.session->socket());
      case Session::Pause::pending:
        entry.deadline = entry.session->deadline();
        if (entry.session->call([this, number = entry.number] { call(number); })) return;
        return watch(entry, entry.session->awaited());
    }
  }

  /// A pending response has something to take in. From any thread.
  void call(uint64_t number) {
    if (std::this_thread::get_id() == thread.get_id()) return ready.push_back(number);
    {
      std::lock_guard lock(mutex);
      called.push_back(number);
    }
    wake_up();
  }

  void go_on_with(uint64_t number) {
    auto found = parked.find(number);
    if (found == parked.end()) return;  // it has left meanwhile
    found->second->watched = -1;
    go_on(*found->second);
  }

  void go_on_with_ready() {
    while (!ready.empty()) {
      for (const uint64_t number : std::exchange(ready, {})) go_on_with(number);
    }
  }

  void notice(int fd) {
    std::shared_ptr<const std::function<void()>> readable;
    {
      std::lock_guard lock(mutex);
      if (auto found = watchers.find(fd); found != watchers.end()) readable = found->second;
    }
    if (readable) (*readable)();
  }

  void take_arrivals() {
    std::vector<std::unique_ptr<Session>> fresh;
    {
      std::lock_guard lock(mutex);
      fresh.swap(arrivals);
      ready.insert(ready.end(), called.begin(), called.end());
      called.clear();
    }
    for (auto& session : fresh) {
      auto entry = std::make_unique<Parked>();
      entry->session = std::move(session);
      entry->number = ++last_number;
      Parked& place = *entry;
      parked.emplace(place.number, std::move(entry));
      go_on(place);
    }
  }

  void sweep() {
    int64_t now = monotonic_nanos();
    std::vector<Parked*> late;
    for (const auto& [number, entry] : parked) {
      if (entry->deadline <= now) late.push_back(entry.get());
    }
    for (Parked* entry : late) {
      bool idle = entry->session->idle_since() != 0;
      unwatch(*entry);
      idle ? leave(*entry, ended) : go_on(*entry);
    }
  }

  void run() {
    std::array<epoll_event, kEventsAtOnce> events;
    int64_t swept = monotonic_nanos();
    for (;;) {
      int timeout = parked.empty() ? -1 : static_cast<int>(kSweep.count());
      int count = ::epoll_wait(poll.get(), events.data(), kEventsAtOnce, timeout);
      for (int i = 0; i < count; ++i) {
        const uint64_t what = events[static_cast<std::size_t>(i)].data.u64;
        if ((what & kWatchBit) != 0) {
          notice(static_cast<int>(what & ~kWatchBit));
        } else if (what != 0) {
          go_on_with(what);
        } else {
          uint64_t waste = 0;
          (void)!::read(wake.get(), &waste, sizeof waste);
          if (stop_asked()) return;
          take_arrivals();
        }
        go_on_with_ready();
      }
      if (int64_t now = monotonic_nanos(); now - swept >= nanos(kSweep)) {
        swept = now;
        sweep();
        go_on_with_ready();
      }
    }
  }

  bool stop_asked() {
    std::lock_guard lock(mutex);
    return stopping;
  }
};

Loop::Loop(milliseconds idle_timeout, Take needs_thread, Take ended)
    : impl_(new Impl{.idle_timeout = idle_timeout,
                     .needs_thread = std::move(needs_thread),
                     .ended = std::move(ended)}) {
  if (!impl_->poll || !impl_->wake) throw_errno("cannot make a loop");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = 0;
  ::epoll_ctl(impl_->poll.get(), EPOLL_CTL_ADD, impl_->wake.get(), &event);
  impl_->thread = std::thread([this] { impl_->run(); });
}

Loop::~Loop() { stop(); }

void Loop::add(std::unique_ptr<Session> session) {
  std::unique_lock lock(impl_->mutex);
  if (impl_->stopping) {
    lock.unlock();
    impl_->ended(std::move(session));
    return;
  }
  impl_->arrivals.push_back(std::move(session));
  lock.unlock();
  impl_->wake_up();
}

void Loop::watch(int fd, std::function<void()> readable) {
  std::lock_guard lock(impl_->mutex);
  impl_->watchers[fd] = std::make_shared<const std::function<void()>>(std::move(readable));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWatchBit | static_cast<uint64_t>(fd);
  if (::epoll_ctl(impl_->poll.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    throw_errno("cannot watch a descriptor");
  }
}

void Loop::unwatch(int fd) {
  std::lock_guard lock(impl_->mutex);
  if (impl_->watchers.erase(fd) != 0) {
    ::epoll_ctl(impl_->poll.get(), EPOLL_CTL_DEL, fd, nullptr);
  }
}

void Loop::stop() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  if (!impl_->thread.joinable()) return;
  impl_->wake_up();
  impl_->thread.join();
  for (auto& session : impl_->arrivals) impl_->ended(std::move(session));
  impl_->arrivals.clear();
  while (!impl_->parked.empty()) impl_->leave(*impl_->parked.begin()->second, impl_->ended);
}

}  // namespace trainyard::http
