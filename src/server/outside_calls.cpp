#include "server/outside_calls.hpp"

#include <sys/socket.h>

#include <atomic>
#include <set>

#include "base/error.hpp"
#include "http/channel.hpp"
#include "http/client.hpp"
#include "http/hosts.hpp"
#include "server/door.hpp"
#include "server/proxy.hpp"
#include "services/states/turn.hpp"

namespace trainyard::server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kConnectTimeout{10'000};
/// For an HTTP task as a whole (Step Functions Developer Guide, "Call HTTPS APIs in Step Functions
/// workflows", "Limitations").
constexpr milliseconds kHttpTimeout{60'000};
constexpr int64_t kNanosPerMilli = 1'000'000;

/// The daemon stops: the message stays for its next start.
class BrokenOff : public std::exception {
 public:
  const char* what() const noexcept override { return "the daemon stops"; }
};

milliseconds left_of(int64_t deadline) {
  const int64_t left = (deadline - monotonic_nanos()) / kNanosPerMilli;
  if (left <= 0) throw SystemError("no whole answer within 60 s");
  return milliseconds(left);
}

int own_port(const Site& site) { return http::Address::parse(site.url).port; }

/// A connection to the endpoint; by way of the daemon's own HTTPS proxy if it has one.
Fd connect_to(const http::Address& address, const Site& site) {
  if (!address.tls) return http::connect_tcp(address.host, address.port, kConnectTimeout);
  auto via = http::forward_proxy(http::own_environment, http::Scheme::https, address.host);
  if (via && leads_here(*via, own_port(site))) via.reset();
  return http::open_tunnel(address.host, address.port, via, kConnectTimeout).socket;
}

/// What comes of a body, up to one byte past the limit, which tells that it is longer.
std::string read_body(http::BodyReader* body, int64_t deadline) {
  constexpr std::size_t kLimit = states::kHttpAnswerBytesMax + 1;
  constexpr std::size_t kPiece = 16 * 1024;
  std::string text;
  std::string piece(kPiece, '\0');
  while (body != nullptr && text.size() < kLimit) {
    left_of(deadline);
    std::size_t count = body->read(piece.data(), std::min(kPiece, kLimit - text.size()));
    if (count == 0) break;
    text.append(piece, 0, count);
  }
  return text;
}

}  // namespace

struct OutsideCalls::Impl {
  const Parts& parts;
  InstanceRouter& router;
  std::mutex mutex;
  std::set<int> sockets;  // of requests that are under way
  std::atomic<bool> stopping = false;

  Impl(const Parts& p, InstanceRouter& r) : parts(p), router(r) {}

  /// A socket that stop() can break off while this lives.
  class Held {
   public:
    Held(Impl& impl, int fd) : impl_(impl), fd_(fd) {
      std::lock_guard lock(impl_.mutex);
      if (impl_.stopping) throw BrokenOff();
      impl_.sockets.insert(fd_);
    }
    ~Held() {
      std::lock_guard lock(impl_.mutex);
      impl_.sockets.erase(fd_);
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    Impl& impl_;
    int fd_;
  };

  states::HttpAnswer send(const states::HttpTask& task) {
    const int64_t deadline = monotonic_nanos() + std::chrono::nanoseconds(kHttpTimeout).count();
    const http::Address address = http::Address::parse(task.base);
    Fd socket = connect_to(address, parts.site);
    Held held(*this, socket.get());
    http::ClientOptions options;
    options.connect_timeout = kConnectTimeout;
    options.read_timeout = left_of(deadline);
    http::Connection connection(std::move(socket), address, options);
    http::Outgoing request;
    request.method = task.method;
    request.target = task.target;
    request.headers = task.headers;
    request.body = task.body;
    http::Response response = connection.exchange_streaming(request);
    return {response.status, response.headers, read_body(response.stream.get(), deadline)};
  }

  asl::TaskResult ask_world(const states::HttpTask& task) {
    try {
      return states::http_result_of(send(task));
    } catch (const http::TransportError& error) {
      if (stopping) throw BrokenOff();
      return states::http_unreachable(error.what());
    } catch (const SystemError& error) {
      if (stopping) throw BrokenOff();
      return states::http_unreachable(error.what());
    }
  }

  asl::TaskResult ask_service(const states::OutsideCall& outside, const outbox::Message& message,
                              std::function<void(bool)>& over) {
    try {
      OutsideOutput got = invoke_outside(parts, router,
                                         {outside.principal, outside.service, outside.operation,
                                          outside.input, asl::kPayloadBytesMax + 1},
                                         [this] { return !stopping; });
      over = std::move(got.over);
      return states::outside_result(got.output);
    } catch (const ApiError& error) {
      return states::outside_result(parts.door, message, error, parts.random.uuid());
    }
  }

  /// What is asked for, answered.
  asl::TaskResult result_of(const std::variant<states::OutsideCall, asl::Failure>& asked,
                            const outbox::Message& message, std::function<void(bool)>& over) {
    if (const auto* failure = std::get_if<asl::Failure>(&asked)) return {nullptr, *failure};
    const auto& outside = std::get<states::OutsideCall>(asked);
    return outside.http ? ask_world(*outside.http) : ask_service(outside, message, over);
  }
};

OutsideCalls::OutsideCalls(const Parts& parts, InstanceRouter& router)
    : impl_(std::make_unique<Impl>(parts, router)) {}

OutsideCalls::~OutsideCalls() = default;

void OutsideCalls::perform(const outbox::Message& message) {
  const Parts& parts = impl_->parts;
  Caller caller = own_caller(parts.site);
  auto asked = parts.store.read([&](Txn& txn) {
    Call call = make_call(parts, txn, caller);
    return states::take_call(call, message);
  });
  if (!asked) return;
  std::function<void(bool)> over;
  try {
    const asl::TaskResult result = impl_->result_of(*asked, message, over);
    parts.store.write([&](Txn& txn) {
      Call call = make_call(parts, txn, caller);
      states::take_result(call, message, result);
    });
  } catch (...) {
    if (over) over(false);
    throw;
  }
  if (over) over(true);
}

void OutsideCalls::stop() {
  std::lock_guard lock(impl_->mutex);
  impl_->stopping = true;
  for (int socket : impl_->sockets) ::shutdown(socket, SHUT_RDWR);
}

}  // namespace trainyard::server
