#include "server/http_calls.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/error.hpp"
#include "http/channel.hpp"
#include "http/client.hpp"
#include "http/hosts.hpp"
#include "server/proxy.hpp"

namespace trainyard::server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kConnectTimeout{10'000};
/// How long the watch sleeps when nothing is under way; whatever begins wakes it.
constexpr std::chrono::nanoseconds kIdle = std::chrono::hours(1);

int own_port(const Site& site) { return http::Address::parse(site.url).port; }

/// A connection to the endpoint; by way of the daemon's own HTTPS proxy if it has one.
Fd connect_to(const http::Address& address, const Site& site) {
  if (!address.tls) return http::connect_tcp(address.host, address.port, kConnectTimeout);
  auto via = http::forward_proxy(http::own_environment, http::Scheme::https, address.host);
  if (via && leads_here(*via, own_port(site))) via.reset();
  return http::open_tunnel(address.host, address.port, via, kConnectTimeout).socket;
}

/// What comes of a body, up to one byte past the limit, which tells that it is longer.
std::string read_body(http::BodyReader* body) {
  constexpr std::size_t kLimit = states::kHttpAnswerBytesMax + 1;
  constexpr std::size_t kPiece = 16 * 1024;
  std::string text;
  std::string piece(kPiece, '\0');
  while (body != nullptr && text.size() < kLimit) {
    std::size_t count = body->read(piece.data(), std::min(kPiece, kLimit - text.size()));
    if (count == 0) break;
    text.append(piece, 0, count);
  }
  return text;
}

}  // namespace

struct HttpCalls::Impl {
  const Site& site;
  const milliseconds timeout;
  std::mutex mutex;
  std::condition_variable changed;
  std::map<int, int64_t> sockets;  // under way, and until when (monotonic nanoseconds)
  bool stopping = false;
  std::thread watch;

  Impl(const Site& s, milliseconds t) : site(s), timeout(t), watch([this] { watch_over(); }) {}

  /// Timeouts of reads and writes begin anew with each byte; this one does not.
  void watch_over() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      const int64_t now = monotonic_nanos();
      int64_t next = now + kIdle.count();
      for (const auto& [socket, deadline] : sockets) {
        if (deadline <= now) {
          ::shutdown(socket, SHUT_RDWR);
        } else {
          next = std::min(next, deadline);
        }
      }
      changed.wait_for(lock, std::chrono::nanoseconds(next - now));
    }
  }

  /// A socket that the watch and stop() can break off while this lives, which is less long than
  /// the socket.
  class Held {
   public:
    Held(Impl& impl, int socket, int64_t deadline) : impl_(impl), socket_(socket) {
      std::lock_guard lock(impl_.mutex);
      if (impl_.stopping) throw BrokenOff();
      impl_.sockets[socket_] = deadline;
      impl_.changed.notify_all();
    }
    ~Held() {
      std::lock_guard lock(impl_.mutex);
      impl_.sockets.erase(socket_);
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    Impl& impl_;
    int socket_;
  };

  states::HttpAnswer send(const states::HttpTask& task, int64_t deadline) {
    const http::Address address = http::Address::parse(task.base);
    Fd socket = connect_to(address, site);
    const int number = socket.get();
    http::ClientOptions options;
    options.connect_timeout = kConnectTimeout;
    options.read_timeout = timeout;
    http::Connection connection(std::move(socket), address, options);
    Held held(*this, number, deadline);
    http::Outgoing request;
    request.method = task.method;
    request.target = task.target;
    request.headers = task.headers;
    request.body = task.body;
    http::Response response = connection.exchange_streaming(request);
    return {response.status, response.headers, read_body(response.stream.get())};
  }

  asl::TaskResult failed(const std::string& why, int64_t deadline) {
    {
      std::lock_guard lock(mutex);
      if (stopping) throw BrokenOff();
    }
    if (monotonic_nanos() < deadline) return states::http_unreachable(why);
    return states::http_unreachable(
        fmt::format("no whole answer within {} s", static_cast<double>(timeout.count()) / 1000));
  }
};

HttpCalls::HttpCalls(const Site& site, milliseconds timeout)
    : impl_(std::make_unique<Impl>(site, timeout)) {}

HttpCalls::~HttpCalls() {
  stop();
  impl_->watch.join();
}

asl::TaskResult HttpCalls::make(const states::HttpTask& task) {
  const int64_t deadline =
      monotonic_nanos() + std::chrono::nanoseconds(impl_->timeout).count();
  try {
    return states::http_result_of(impl_->send(task, deadline));
  } catch (const http::TransportError& error) {
    return impl_->failed(error.what(), deadline);
  } catch (const SystemError& error) {
    return impl_->failed(error.what(), deadline);
  }
}

void HttpCalls::stop() {
  std::lock_guard lock(impl_->mutex);
  impl_->stopping = true;
  for (const auto& [socket, deadline] : impl_->sockets) ::shutdown(socket, SHUT_RDWR);
  impl_->changed.notify_all();
}

}  // namespace trainyard::server
