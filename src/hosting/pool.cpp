#include "hosting/pool.hpp"

#include <algorithm>
#include <csignal>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "hosting/pool_state.hpp"

namespace trainyard::hosting {
namespace {

using http::text_response;

/// A worker that is told to end may first say where it is.
constexpr std::chrono::milliseconds kLastWords{1'000};
constexpr int kStatusMin = 100, kStatusMax = 599;

int64_t nanos(std::chrono::milliseconds time) { return std::chrono::nanoseconds(time).count(); }

Fd make_bell() {
  Fd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell) throw_errno("eventfd");
  return bell;
}

/// The response that a worker's frame describes.
http::Response response_of(Frame frame) {
  const auto value = parse_json(frame.head);
  const json::object* head = value ? value->if_object() : nullptr;
  const auto status = head ? find_integer(*head, "status") : std::nullopt;
  const json::object* headers = head ? find_object(*head, "headers") : nullptr;
  if (!status || *status < kStatusMin || *status > kStatusMax || headers == nullptr) {
    log_error("a worker answered with a head that is none: {}", frame.head);
    return text_response(500, "The model's worker answered what is no response.\n");
  }
  http::Response response;
  response.status = static_cast<int>(*status);
  for (const auto& [name, text] : *headers) {
    if (text.is_string()) response.headers.add(std::string(name), to_std(text.get_string()));
  }
  response.body = std::move(frame.body);
  return response;
}

std::string seconds_text(std::chrono::milliseconds time) {
  return fmt::format("{:g} s", static_cast<double>(time.count()) / 1000.0);
}

}  // namespace

void ring(const Fd& bell) {
  const uint64_t one = 1;
  [[maybe_unused]] auto written = ::write(bell.get(), &one, sizeof one);
}

Pool::Impl::Impl(WorkerCommand command, int count, std::chrono::milliseconds timeout)
    : command(std::move(command)), count(count), timeout(timeout), wake(make_bell()),
      given_up(make_bell()) {}

void Pool::Impl::wake_supervisor() const { ring(wake); }

void Pool::Impl::assign(const std::shared_ptr<Ticket>& ticket,
                        const std::shared_ptr<Worker>& worker) {
  worker->state = Worker::State::busy;
  ticket->worker = worker;
  ticket->deadline = monotonic_nanos() + nanos(timeout);
  // A worker that has just ended is found out when its answer is read.
  send_some(worker->socket.get(), ticket->start, ticket->body, ticket->sent);
  if (ticket->called) ring(ticket->called);
}

void Pool::Impl::free(const std::shared_ptr<Worker>& worker) {
  if (queue.empty()) {
    worker->state = Worker::State::idle;
    idle.push_back(worker);
    return;
  }
  const std::shared_ptr<Ticket> next = std::move(queue.front());
  queue.pop_front();
  assign(next, worker);
}

void Pool::Impl::release(const std::shared_ptr<Worker>& worker) {
  std::lock_guard lock(mutex);
  if (worker->state == Worker::State::busy) free(worker);
}

void Pool::Impl::condemn(const std::shared_ptr<Worker>& worker, int signal) {
  {
    std::lock_guard lock(mutex);
    if (worker->state == Worker::State::condemned) return;
    worker->state = Worker::State::condemned;
    worker->kill_at = monotonic_nanos() + nanos(kLastWords);
  }
  worker->signal(signal);
  wake_supervisor();
}

void Pool::Impl::call_queue() {
  std::lock_guard lock(mutex);
  for (const auto& ticket : queue) ring(ticket->called);
}

void Pool::Impl::withdraw(const std::shared_ptr<Ticket>& ticket) {
  std::lock_guard lock(mutex);
  std::erase(queue, ticket);
}

/// One request as the HTTP server sees it.
class Pool::Pending final : public http::PendingResponse {
 public:
  Pending(std::shared_ptr<Impl> pool, std::shared_ptr<Ticket> ticket)
      : pool_(std::move(pool)), ticket_(std::move(ticket)) {}

  ~Pending() override {
    if (response_) return;
    pool_->withdraw(ticket_);
    // Nobody will read its answer.
    if (auto worker = worker_of()) pool_->condemn(worker, SIGKILL);
  }

  Progress progress() override {
    if (response_) return Progress::whole;
    const std::shared_ptr<Worker> worker = worker_of();
    if (!worker) return waited_long_enough();
    const int socket = worker->socket.get();
    if (!ticket_->all_sent()) {
      if (!send_some(socket, ticket_->start, ticket_->body, ticket_->sent)) return lost(worker);
    }
    switch (ticket_->reply.take(socket)) {
      case FrameReader::Status::whole:
        pool_->release(worker);
        return done(response_of(ticket_->reply.release()));
      case FrameReader::Status::ended: return lost(worker);
      case FrameReader::Status::waiting: break;
    }
    if (monotonic_nanos() >= deadline()) return too_slow(worker);
    return ticket_->all_sent() ? Progress::waiting : Progress::partial;
  }

  int fd() const override {
    std::lock_guard lock(pool_->mutex);
    const Ticket& ticket = *ticket_;
    // Of a request that is not sent to its end no answer can be awaited: `called` has been rung,
    // or there is none.
    return ticket.worker && ticket.all_sent() ? ticket.worker->socket.get() : ticket.called.get();
  }

  int64_t deadline() const override {
    std::lock_guard lock(pool_->mutex);
    return ticket_->deadline;
  }

  http::Response finish() override {
    while (progress() != Progress::whole) {
      const int64_t left = std::max<int64_t>(0, deadline() - monotonic_nanos());
      const std::chrono::nanoseconds rest(left);
      const auto wait = std::chrono::ceil<std::chrono::milliseconds>(rest);
      const std::shared_ptr<Worker> worker = worker_of();
      pollfd entry{worker ? worker->socket.get() : ticket_->called.get(), POLLIN, 0};
      if (worker && !ticket_->all_sent()) entry.events |= POLLOUT;
      ::poll(&entry, 1, static_cast<int>(wait.count()));
    }
    return std::move(*response_);
  }

 private:
  std::shared_ptr<Worker> worker_of() const {
    std::lock_guard lock(pool_->mutex);
    return ticket_->worker;
  }

  Progress done(http::Response response) {
    response_ = std::move(response);
    return Progress::whole;
  }

  /// In the queue.
  Progress waited_long_enough() {
    const bool ends = pool_->stopping || pool_->hopeless;
    if (!ends && monotonic_nanos() < deadline()) return Progress::waiting;
    pool_->withdraw(ticket_);
    if (worker_of()) return Progress::partial;  // it has got one at the last moment
    if (ends) return done(text_response(503, "The model server is stopping.\n"));
    log_warning("no worker got free within {}: a request is refused",
                seconds_text(pool_->timeout));
    return done(text_response(503, fmt::format("No worker of the model got free within {}.\n",
                                               seconds_text(pool_->timeout))));
  }

  Progress lost(const std::shared_ptr<Worker>& worker) {
    if (pool_->stopping) return done(text_response(503, "The model server is stopping.\n"));
    log_error("{} ended while it served a request", worker->name());
    pool_->condemn(worker, SIGKILL);
    return done(
        text_response(500, "The model's worker ended while it served this request.\n"));
  }

  Progress too_slow(const std::shared_ptr<Worker>& worker) {
    log_error("{} did not answer within {}: it is replaced (SAGEMAKER_MODEL_SERVER_TIMEOUT)",
              worker->name(), seconds_text(pool_->timeout));
    pool_->condemn(worker, SIGABRT);
    return done(text_response(504, fmt::format("The model did not answer within {}.\n",
                                               seconds_text(pool_->timeout))));
  }

  std::shared_ptr<Impl> pool_;
  std::shared_ptr<Ticket> ticket_;
  std::optional<http::Response> response_;
};

Pool::Pool(WorkerCommand command, int workers, std::chrono::milliseconds timeout)
    : impl_(std::make_shared<Impl>(std::move(command), workers, timeout)) {
  impl_->supervisor = std::thread([pool = impl_.get()] { Supervisor(*pool).run(); });
}

Pool::~Pool() { stop(); }

bool Pool::ready() const { return impl_->served && !impl_->hopeless; }
int Pool::given_up() const { return impl_->given_up.get(); }
int Pool::workers() const { return impl_->count; }

std::unique_ptr<http::PendingResponse> Pool::submit(const std::string& head, std::string body) {
  auto ticket = std::make_shared<Ticket>();
  ticket->start = frame_start(head, body.size());
  ticket->body = std::move(body);
  {
    std::lock_guard lock(impl_->mutex);
    if (impl_->idle.empty()) {
      ticket->called = make_bell();
      if (impl_->stopping || impl_->hopeless) ring(ticket->called);
      ticket->deadline = monotonic_nanos() + nanos(impl_->timeout);
      impl_->queue.push_back(ticket);
    } else {
      const std::shared_ptr<Worker> worker = std::move(impl_->idle.back());
      impl_->idle.pop_back();
      impl_->assign(ticket, worker);
    }
  }
  return std::make_unique<Pending>(impl_, std::move(ticket));
}

void Pool::stop() {
  impl_->stopping = true;
  impl_->wake_supervisor();
  if (impl_->supervisor.joinable()) impl_->supervisor.join();
}

}  // namespace trainyard::hosting
