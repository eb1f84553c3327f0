#include "hosting/pool.hpp"

#include <algorithm>
#include <csignal>

#include <sys/eventfd.h>
#include <sys/socket.h>
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

/// So many requests for each worker are sent: the one that it works on, and those that it finds
/// when it is done, without waiting for anybody. They are no worker's until it takes them.
constexpr std::size_t kSentPerWorker = 3;

int64_t nanos(std::chrono::milliseconds time) { return std::chrono::nanoseconds(time).count(); }

Fd make_bell() {
  Fd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell) throw_errno("eventfd");
  return bell;
}

http::Response lost_response() {
  return text_response(500, "The model's worker ended while it served this request.\n");
}

http::Response stopping_response() {
  return text_response(503, "The model server is stopping.\n");
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

Pool::Impl::Impl(WorkerCommand command, int count, std::chrono::milliseconds timeout,
                 http::Server& server)
    : command(std::move(command)), count(count), timeout(timeout), server(server),
      wake(make_bell()), given_up(make_bell()) {
  int pair[2];
  // Messages stay whole, and each goes to one of those that read.
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) throw_errno("socketpair");
  requests = Fd(pair[0]);
  taken_from = Fd(pair[1]);
}

void Pool::Impl::wake_supervisor() const {
  const uint64_t one = 1;
  [[maybe_unused]] auto written = ::write(wake.get(), &one, sizeof one);
}

void Pool::Impl::feed() {
  const std::size_t most = static_cast<std::size_t>(std::max(0, warm.load())) * kSentPerWorker;
  while (!queue.empty() && sent.size() < most) {
    const std::shared_ptr<Ticket> ticket = queue.front();
    try {
      // Full: whoever is answered next makes room.
      if (!send_request(requests.get(), ticket->start, ticket->body)) return;
      ticket->sent = true;
      sent.emplace(ticket->number, ticket);
    } catch (const SystemError& error) {
      log_error("{}", error.what());
      answer(*ticket, text_response(500, "The request cannot be handed to the model's worker.\n"));
    }
    queue.pop_front();
  }
}

void Pool::Impl::answer(Ticket& ticket, http::Response response) {
  ticket.response = std::move(response);
  if (ticket.ready) std::exchange(ticket.ready, nullptr)();
  answered.notify_all();
}

std::shared_ptr<Worker> Pool::Impl::worker_with(const Ticket& ticket) const {
  for (const auto& worker : workers) {
    if (worker->page.request() == ticket.number) return worker;
  }
  return nullptr;
}

void Pool::Impl::condemn(const std::shared_ptr<Worker>& worker, int signal) {
  if (worker->state == Worker::State::condemned) return;
  worker->state = Worker::State::condemned;
  worker->kill_at = monotonic_nanos() + nanos(kLastWords);
  worker->page.tell_to_leave();
  worker->signal(signal);
  wake_supervisor();
}

void Pool::Impl::lose(const std::shared_ptr<Worker>& worker) {
  server.unwatch(worker->socket.get());
  if (auto lost = sent.extract(worker->page.request())) {
    if (!stopping) log_error("{} ended while it served a request", worker->name());
    answer(*lost.mapped(), stopping ? stopping_response() : lost_response());
  }
  condemn(worker, SIGKILL);
}

void Pool::Impl::lose_orphans() {
  const auto first = first_request(taken_from.get());
  std::erase_if(sent, [&](const auto& entry) {
    const auto& [number, ticket] = entry;
    if ((first && number >= *first) || worker_with(*ticket)) return false;
    log_error("a worker ended with a request that it had just taken");
    answer(*ticket, lost_response());
    return true;
  });
}

void Pool::Impl::refuse_all() {
  for (const auto& ticket : queue) answer(*ticket, stopping_response());
  for (const auto& [number, ticket] : sent) answer(*ticket, stopping_response());
  queue.clear();
  sent.clear();
}

void Pool::Impl::give_out(Worker& worker) {
  while (auto frame = worker.answers.next()) {
    // Nobody waits any more for what is not among them.
    if (auto asked = sent.extract(frame->number)) {
      answer(*asked.mapped(), response_of(std::move(*frame)));
    }
  }
}

void Pool::Impl::take_in(const std::shared_ptr<Worker>& worker) {
  std::lock_guard lock(mutex);
  const bool sound = worker->answers.take(worker->socket.get());
  give_out(*worker);
  if (!sound) lose(worker);
  feed();
}

/// One request as the HTTP server sees it.
class Pool::Pending final : public http::PendingResponse {
 public:
  Pending(std::shared_ptr<Impl> pool, std::shared_ptr<Ticket> ticket)
      : pool_(std::move(pool)), ticket_(std::move(ticket)) {}

  ~Pending() override {
    std::lock_guard lock(pool_->mutex);
    ticket_->ready = nullptr;
    if (ticket_->response) return;
    withdraw();
    // It may never end, and nobody will ask.
    if (auto worker = ticket_->sent ? pool_->worker_with(*ticket_) : nullptr) {
      pool_->condemn(worker, SIGKILL);
    }
  }

  Progress progress() override {
    std::lock_guard lock(pool_->mutex);
    return look();
  }

  int fd() const override { return -1; }
  bool calls() const override { return true; }
  void call(std::function<void()> ready) override {
    std::lock_guard lock(pool_->mutex);
    if (ticket_->response) return ready();
    ticket_->ready = std::move(ready);
  }

  int64_t deadline() const override {
    std::lock_guard lock(pool_->mutex);
    return ticket_->deadline;
  }

  http::Response finish() override {
    std::unique_lock lock(pool_->mutex);
    while (look() != Progress::whole) {
      pool_->answered.wait_for(
          lock, std::chrono::nanoseconds(ticket_->deadline - monotonic_nanos()));
    }
    return std::move(*ticket_->response);
  }

 private:
  // With the lock held.
  Progress look() {
    if (!ticket_->response && monotonic_nanos() >= ticket_->deadline) too_late();
    return ticket_->response ? Progress::whole : Progress::waiting;
  }

  /// The time runs anew once a worker has begun.
  void too_late() {
    const auto worker = ticket_->sent ? pool_->worker_with(*ticket_) : nullptr;
    if (worker) ticket_->deadline = worker->page.begun() + nanos(pool_->timeout);
    if (monotonic_nanos() < ticket_->deadline) return;
    withdraw();
    if (worker) return too_slow(worker);
    log_warning("no worker got free within {}: a request is refused", seconds_text(pool_->timeout));
    ticket_->response = text_response(
        503, fmt::format("No worker of the model got free within {}.\n",
                         seconds_text(pool_->timeout)));
  }

  void too_slow(const std::shared_ptr<Worker>& worker) {
    log_error("{} did not answer within {}: it is replaced (SAGEMAKER_MODEL_SERVER_TIMEOUT)",
              worker->name(), seconds_text(pool_->timeout));
    pool_->condemn(worker, SIGABRT);
    ticket_->response = text_response(504, fmt::format("The model did not answer within {}.\n",
                                                       seconds_text(pool_->timeout)));
  }

  /// Should a worker answer it all the same, that is passed over.
  void withdraw() {
    if (ticket_->sent) {
      pool_->sent.erase(ticket_->number);
    } else {
      std::erase(pool_->queue, ticket_);
    }
  }

  std::shared_ptr<Impl> pool_;
  std::shared_ptr<Ticket> ticket_;
};

Pool::Pool(WorkerCommand command, int workers, std::chrono::milliseconds timeout,
           http::Server& server)
    : impl_(std::make_shared<Impl>(std::move(command), workers, timeout, server)) {
  impl_->supervisor = std::thread([pool = impl_.get()] { Supervisor(*pool).run(); });
}

Pool::~Pool() { stop(); }

bool Pool::ready() const { return impl_->served && !impl_->hopeless; }
int Pool::given_up() const { return impl_->given_up.get(); }
int Pool::workers() const { return impl_->count; }

std::unique_ptr<http::PendingResponse> Pool::submit(const std::string& head, std::string body) {
  auto ticket = std::make_shared<Ticket>();
  ticket->body = std::move(body);
  std::lock_guard lock(impl_->mutex);
  ticket->number = ++impl_->last_number;
  ticket->start = frame_start(ticket->number, head, ticket->body.size());
  ticket->deadline = monotonic_nanos() + nanos(impl_->timeout);
  if (impl_->stopping || impl_->hopeless) {
    ticket->response = stopping_response();
  } else {
    impl_->queue.push_back(ticket);
    impl_->feed();
  }
  return std::make_unique<Pending>(impl_, std::move(ticket));
}

void Pool::stop() {
  impl_->stopping = true;
  impl_->wake_supervisor();
  if (impl_->supervisor.joinable()) impl_->supervisor.join();
}

}  // namespace trainyard::hosting
