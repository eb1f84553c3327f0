#include <algorithm>
#include <csignal>

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "hosting/pool_state.hpp"

namespace trainyard::hosting {
namespace {

constexpr int64_t kNanosPerMilli = 1'000'000;
/// After a load that failed; doubled with each that follows.
constexpr int64_t kPauseFirst = 200 * kNanosPerMilli;
constexpr int kPauseDoublingsMax = 6;
/// Between the end of its socket and SIGKILL, when the server stops.
constexpr int64_t kEndGrace = 2'000 * kNanosPerMilli;
/// A worker that has taken a request will have said so by then.
constexpr int64_t kTakingMax = 1'000 * kNanosPerMilli;

}  // namespace

void Supervisor::run() {
  starts_.push_back({1, 0});
  while (!pool_.stopping) {
    start_due();
    wait();
  }
  end_all();
}

void Supervisor::start_due() {
  const int64_t now = monotonic_nanos();
  std::vector<Start> later, due;
  for (const Start& start : starts_) (start.at <= now ? due : later).push_back(start);
  starts_ = std::move(later);
  for (const Start& entry : due) start(entry.number);
}

void Supervisor::start(int number) {
  try {
    auto worker = start_worker(pool_.command, number, pool_.taken_from.get());
    std::lock_guard lock(pool_.mutex);
    pool_.workers.push_back(std::move(worker));
  } catch (const SystemError& error) {
    auto none = std::make_shared<Worker>();
    none->number = number;
    failed_to_load(none, error.what());
  }
}

int Supervisor::wait_ms() const {
  int64_t next = orphans_at_;
  for (const Start& start : starts_) next = std::min(next, start.at);
  std::lock_guard lock(pool_.mutex);
  for (const auto& worker : pool_.workers) {
    if (worker->kill_at != 0) next = std::min(next, worker->kill_at);
  }
  if (next == INT64_MAX) return -1;
  const int64_t left = next - monotonic_nanos();
  return static_cast<int>(std::max<int64_t>(0, (left + kNanosPerMilli - 1) / kNanosPerMilli));
}

void Supervisor::wait() {
  std::vector<std::shared_ptr<Worker>> workers;
  // Two entries a worker: its end; while it loads, what it has to say.
  std::vector<pollfd> entries{{pool_.wake.get(), POLLIN, 0}};
  {
    std::lock_guard lock(pool_.mutex);
    workers = pool_.workers;
    for (const auto& worker : workers) {
      const bool loading = worker->state == Worker::State::loading;
      entries.push_back({worker->process.get(), POLLIN, 0});
      entries.push_back({loading ? worker->socket.get() : -1, POLLIN, 0});
    }
  }
  if (::poll(entries.data(), entries.size(), wait_ms()) < 0) return;  // interrupted: once more
  uint64_t waste = 0;
  [[maybe_unused]] auto read = ::read(pool_.wake.get(), &waste, sizeof waste);
  do_what_is_due();
  for (std::size_t i = 0; i < workers.size(); ++i) {
    if (entries[2 * i + 2].revents != 0) take_in_load(workers[i]);
    if (entries[2 * i + 1].revents != 0) bury(workers[i]);
  }
}

/// A worker that loads says one thing: that it is ready. One that cannot ends.
void Supervisor::take_in_load(const std::shared_ptr<Worker>& worker) {
  std::lock_guard lock(pool_.mutex);
  const bool sound = worker->answers.take(worker->socket.get());
  const bool ready = worker->answers.next().has_value();
  if (worker->state != Worker::State::loading || (sound && !ready)) return;
  if (!ready) {
    worker->state = Worker::State::condemned;
    worker->kill_at = monotonic_nanos() + kEndGrace;
    return;
  }
  failures_ = 0;
  worker->state = Worker::State::ready;
  worker->loaded = true;
  ++pool_.warm;
  pool_.served = true;
  log_info("{} is ready", worker->name());
  pool_.server.watch(worker->socket.get(), [pool = &pool_, worker] { pool->take_in(worker); });
  pool_.give_out(*worker);  // it may have begun at once
  pool_.feed();
  if (others_started_) return;
  others_started_ = true;
  for (int number = 2; number <= pool_.count; ++number) starts_.push_back({number, 0});
}

void Supervisor::do_what_is_due() {
  const int64_t now = monotonic_nanos();
  std::lock_guard lock(pool_.mutex);
  if (orphans_at_ <= now) {
    orphans_at_ = INT64_MAX;
    pool_.lose_orphans();
  }
  for (const auto& worker : pool_.workers) {
    if (worker->kill_at == 0 || worker->kill_at > now) continue;
    worker->signal(SIGKILL);
    worker->kill_at = 0;
  }
}

/// It has ended.
void Supervisor::bury(const std::shared_ptr<Worker>& worker) {
  int status = 0;
  ::waitpid(worker->pid, &status, 0);
  bool loaded;
  {
    std::lock_guard lock(pool_.mutex);
    loaded = worker->loaded;
    if (loaded) --pool_.warm;
    // What it has answered counts; what it had begun with is lost, even if something that it has
    // left behind keeps the other end open.
    worker->answers.take(worker->socket.get());
    pool_.give_out(*worker);
    pool_.lose(worker);
    worker->kill_at = 0;
    std::erase(pool_.workers, worker);
  }
  orphans_at_ = std::min(orphans_at_, monotonic_nanos() + kTakingMax);
  if (!loaded) return failed_to_load(worker, ending_text(status));
  log_warning("{} ended with {}: another is started in its place", worker->name(),
              ending_text(status));
  starts_.push_back({worker->number, 0});
}

void Supervisor::failed_to_load(const std::shared_ptr<Worker>& worker, const std::string& how) {
  if (pool_.hopeless) return;
  ++failures_;
  log_error("worker {} could not load the model: {}{}", worker->number,
            worker->pid > 0 ? "it ended with " : "", how);
  if (pool_.warm == 0 && failures_ >= kLoadTriesMax) {
    log_error("{} workers in a row could not load the model: the server gives up", failures_);
    pool_.hopeless = true;
    {
      std::lock_guard lock(pool_.mutex);
      pool_.refuse_all();
    }
    const uint64_t one = 1;
    [[maybe_unused]] auto written = ::write(pool_.given_up.get(), &one, sizeof one);
    return;
  }
  const int doublings = std::min(failures_ - 1, kPauseDoublingsMax);
  starts_.push_back({worker->number, monotonic_nanos() + (kPauseFirst << doublings)});
}

/// Without requests a worker ends when its socket does.
void Supervisor::end_all() {
  std::vector<std::shared_ptr<Worker>> workers;
  {
    std::lock_guard lock(pool_.mutex);
    workers.swap(pool_.workers);
    pool_.refuse_all();
  }
  ::shutdown(pool_.requests.get(), SHUT_RDWR);
  for (const auto& worker : workers) {
    pool_.server.unwatch(worker->socket.get());
    ::shutdown(worker->socket.get(), SHUT_RDWR);
  }
  const int64_t end = monotonic_nanos() + kEndGrace;
  for (const auto& worker : workers) {
    const int64_t left = std::max<int64_t>(0, end - monotonic_nanos());
    pollfd entry{worker->process.get(), POLLIN, 0};
    if (::poll(&entry, 1, static_cast<int>(left / kNanosPerMilli)) <= 0) worker->signal(SIGKILL);
    ::waitpid(worker->pid, nullptr, 0);
  }
}

}  // namespace trainyard::hosting
