#include "http/client.hpp"

#include <deque>
#include <mutex>

#include <fcntl.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "http/channel.hpp"
#include "http/hosts.hpp"
#include "http/reader.hpp"
#include "http/tls.hpp"

namespace trainyard::http {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kResponseHeadBytesMax = 64 * 1024;
constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kIdleMax = 64;  // connections that a pool keeps
constexpr std::chrono::seconds kIdleAge{60};

int parse_port(const std::string& text, const std::string& url) {
  int port = 0;
  for (char c : text) {
    if (c < '0' || c > '9' || port > 65535) throw SystemError("malformed port in address " + url);
    port = port * 10 + (c - '0');
  }
  if (text.empty() || port > 65535) throw SystemError("malformed port in address " + url);
  return port;
}

}  // namespace

Address Address::parse(const std::string& url) {
  Address address;
  if (url.rfind("unix:", 0) == 0) {
    address.unix_path = url.substr(5);
    if (!address.unix_path.is_absolute()) throw SystemError("malformed address " + url);
    address.host = "localhost";
    address.port = 80;
    return address;
  }
  std::string_view rest = url;
  if (rest.substr(0, 7) == "http://") {
    rest.remove_prefix(7);
    address.port = 80;
  } else if (rest.substr(0, 8) == "https://") {
    rest.remove_prefix(8);
    address.port = 443;
    address.tls = true;
  } else {
    throw SystemError("address " + url + " must begin with http://, https:// or unix:/");
  }
  std::string authority(rest.substr(0, rest.find('/')));
  std::size_t colon = authority.rfind(':');
  if (!authority.empty() && authority.front() == '[') {
    std::size_t bracket = authority.find(']');
    if (bracket == std::string::npos) throw SystemError("malformed address " + url);
    address.host = authority.substr(1, bracket - 1);
    if (colon < bracket) colon = std::string::npos;
    // What follows is a port or nothing: whoever reads the text must see the host that is meant.
    const std::size_t end = colon == std::string::npos ? authority.size() : colon;
    if (bracket + 1 != end) throw SystemError("malformed address " + url);
  } else {
    address.host = authority.substr(0, colon);
  }
  if (colon != std::string::npos) address.port = parse_port(authority.substr(colon + 1), url);
  if (address.host.empty()) throw SystemError("address " + url + " has no host");
  return address;
}

std::string Address::host_header() const {
  const std::string name = bracketed(host);
  if (port == (tls ? 443 : 80)) return name;
  return name + ":" + std::to_string(port);
}

struct Connection::Impl {
  Address address;
  ClientOptions options;
  std::unique_ptr<Channel> channel;
  std::unique_ptr<MessageReader> reader;
  Head head;
  bool reusable = true;
  bool in_body = false;  // a streamed response is still being read
  bool head_request = false;
  bool head_read = false;
  bool stale = false;    // the peer had closed before the request

  void open(Fd socket) {
    if (address.tls) {
      channel = tls_client_channel(std::move(socket), address.host, options.ca_file,
                                   options.connect_timeout);
    } else {
      channel = plain_channel(std::move(socket), options.read_timeout);
    }
    reader = std::make_unique<MessageReader>(*channel, Parser::Kind::response,
                                             kResponseHeadBytesMax);
  }

  void connect() {
    try {
      open(address.unix_path.empty()
               ? connect_tcp(address.host, address.port, options.connect_timeout)
               : connect_unix(address.unix_path));
    } catch (const SystemError& error) {
      reusable = false;
      throw TransportError(error.what(), false);
    }
  }

  [[noreturn]] void fail(const std::string& what) {
    reusable = false;
    throw TransportError(what + " (" + address.host_header() + ")", true);
  }

  std::string head_of(const Outgoing& request) const {
    std::string text = request.method + " " + request.target + " HTTP/1.1\r\n";
    if (!request.headers.has("host")) text += "Host: " + address.host_header() + "\r\n";
    for (const auto& [name, value] : request.headers) {
      if (iequals(name, "content-length") || iequals(name, "connection")) continue;
      if (value.find_first_of("\r\n") != std::string::npos) {
        throw SystemError("line break in request header " + name);
      }
      text.append(name).append(": ").append(value).append("\r\n");
    }
    if (request.upgrade) text += "Connection: Upgrade\r\n";
    uint64_t length = request.stream != nullptr ? request.stream_length : request.body.size();
    if (length > 0 || (request.method != "GET" && request.method != "HEAD")) {
      text += "Content-Length: " + std::to_string(length) + "\r\n";
    }
    return text + "\r\n";
  }

  /// False when the peer stopped taking the request; it may still have answered.
  bool send(const Outgoing& request) {
    std::string text = head_of(request);
    if (request.stream == nullptr) {
      return channel->write(text, request.body, options.read_timeout).status == IoStatus::ok;
    }
    std::vector<char> piece(kPiece);
    for (uint64_t left = request.stream_length; left > 0;) {
      std::size_t count =
          request.stream->read(piece.data(), std::min<uint64_t>(piece.size(), left));
      if (count == 0) {
        reusable = false;
        throw SystemError("request body is shorter than announced");
      }
      left -= count;
      if (channel->write(text, {piece.data(), count}, options.read_timeout).status !=
          IoStatus::ok) {
        return false;
      }
      text.clear();
      // An answer before the end of the body is a refusal: reading it beats sending the rest.
      if (left > 0 && channel->readable()) return false;
    }
    return text.empty() || channel->write(text, {}, options.read_timeout).status == IoStatus::ok;
  }

  void start(const Outgoing& request) {
    if (!channel) connect();
    if (in_body) fail("the previous response has not been read to its end");
    head_read = false;
    head_request = request.method == "HEAD";
    if (!send(request)) reusable = false;
  }

  /// Reads up to the head of the final response.
  void receive(milliseconds timeout) {
    while (!head_read) {
      switch (reader->read_head(head, timeout, timeout, head_request)) {
        case HeadStatus::complete: break;
        case HeadStatus::none: stale = true; [[fallthrough]];
        case HeadStatus::cut: fail("the server closed the connection without a response");
        case HeadStatus::idle:
        case HeadStatus::slow: fail("the server did not answer in time");
        case HeadStatus::too_large: fail("the response's header fields are too large");
        case HeadStatus::malformed: fail("malformed response: " + reader->what());
      }
      head_read = head.status < 100 || head.status >= 200 || head.status == 101;
    }
    if (!head.keep_alive) reusable = false;
  }

  void begin(const Outgoing& request) {
    start(request);
    receive(options.read_timeout);
  }

  /// Whether the whole response is here, as far as that can be seen without waiting. Trouble is
  /// left for receive() to report.
  Wait::Progress progress() {
    for (int reads = 0;; ++reads) {
      while (!head_read && reader->head_buffered()) receive(milliseconds(0));
      if (head_read && reader->body_buffered()) return Wait::Progress::whole;
      if (head_read && !reader->body_fits()) return Wait::Progress::partial;
      if (reads > 0) return Wait::Progress::waiting;
      IoStatus status = reader->take_in();
      if (status == IoStatus::timed_out) return Wait::Progress::waiting;
      if (status != IoStatus::ok) return Wait::Progress::partial;
    }
  }

  std::size_t read_body(char* data, std::size_t size) {
    BodyStatus status;
    std::size_t count = reader->read_body(data, size, options.read_timeout, status);
    if (status == BodyStatus::timed_out) fail("the response stopped before its end");
    if (status == BodyStatus::cut) fail("the connection broke in the middle of the response");
    if (status == BodyStatus::malformed) fail("malformed chunked response");
    return count;
  }

  Response take_head() {
    Response response;
    response.status = head.status;
    response.headers = std::move(head.headers);
    response.close = !reusable;
    return response;
  }
};

namespace {

using Release = std::function<void()>;

/// A response's body straight from the connection; hands the connection on at its end.
template <class Impl>
class ResponseBody final : public BodyReader {
 public:
  ResponseBody(std::shared_ptr<Impl> connection, Release release)
      : connection_(std::move(connection)), release_(std::move(release)) {
    finish_when_complete();
  }
  ~ResponseBody() override {
    if (!finished_) {
      connection_->reusable = false;
      connection_->in_body = false;
      connection_->channel.reset();
    }
  }
  std::size_t read(char* data, std::size_t size) override {
    if (finished_) return 0;
    std::size_t count = connection_->read_body(data, size);
    finish_when_complete();
    return count;
  }

 private:
  void finish_when_complete() {
    if (!connection_->reader->body_complete()) return;
    finished_ = true;
    connection_->in_body = false;
    if (release_) release_();
  }

  std::shared_ptr<Impl> connection_;
  Release release_;
  bool finished_ = false;
};

}  // namespace

Connection::Connection(Address address, ClientOptions options) : impl_(std::make_shared<Impl>()) {
  impl_->address = std::move(address);
  impl_->options = std::move(options);
}

Connection::Connection(Fd connected, Address address, ClientOptions options)
    : Connection(std::move(address), std::move(options)) {
  impl_->open(std::move(connected));
}

Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

Response Connection::exchange(const Outgoing& request, std::size_t body_max) {
  impl_->begin(request);
  Response response = impl_->take_head();
  std::string& body = response.body;
  if (impl_->head.length && request.method != "HEAD") {
    if (*impl_->head.length > body_max) impl_->fail("the response is too large");
    body.reserve(*impl_->head.length);
  }
  std::size_t used = 0;
  while (!impl_->reader->body_complete()) {
    std::size_t step = std::clamp<std::size_t>(used, 4096, 1u << 20);
    if (impl_->head.length) {
      step = std::clamp<std::size_t>(*impl_->head.length - used, 1, 1u << 20);
    }
    body.resize(used + step);
    used += impl_->read_body(body.data() + used, step);
    if (used > body_max) impl_->fail("the response is too large");
  }
  body.resize(used);
  return response;
}

Response Connection::exchange_streaming(const Outgoing& request) {
  return exchange_streaming(request, nullptr);
}

Response Connection::exchange_streaming(const Outgoing& request, std::function<void()> drained) {
  impl_->begin(request);
  return streamed(std::move(drained));
}

Response Connection::streamed(std::function<void()> drained) {
  Response response = impl_->take_head();
  if (!impl_->head_request) response.stream_length = impl_->head.length;
  impl_->in_body = !impl_->reader->body_complete();
  response.stream = std::make_unique<ResponseBody<Impl>>(impl_, std::move(drained));
  return response;
}

Tunnel Connection::take_over() {
  if (impl_->address.tls) throw SystemError("a protocol inside of TLS cannot be taken over");
  Tunnel tunnel;
  tunnel.socket.reset(::fcntl(impl_->channel->fd(), F_DUPFD_CLOEXEC, 0));
  if (!tunnel.socket) throw_errno("cannot copy a socket");
  tunnel.early = impl_->reader->take_buffered();
  impl_->reusable = false;
  impl_->in_body = false;
  impl_->channel.reset();
  return tunnel;
}

bool Connection::was_stale() const { return impl_->stale; }

bool Connection::ended_well() const {
  return impl_ && impl_->channel && impl_->reusable && !impl_->in_body &&
         impl_->reader->buffered() == 0;
}

bool Connection::reusable() const { return ended_well() && !impl_->channel->readable(); }

struct Pool::Impl {
  Connect connect;
  std::mutex mutex;
  struct Idle {
    std::shared_ptr<Connection> connection;
    int64_t since;
  };
  std::deque<Idle> idle;  // the most recently used at the back

  /// `look`: pass over those that the peer has closed or written to.
  std::shared_ptr<Connection> take_idle(bool look) {
    int64_t oldest = monotonic_nanos() - std::chrono::nanoseconds(kIdleAge).count();
    for (;;) {
      std::deque<Idle> stale;  // closed outside the lock
      std::shared_ptr<Connection> found;
      {
        std::lock_guard lock(mutex);
        while (!idle.empty() && idle.front().since < oldest) {
          stale.push_back(std::move(idle.front()));
          idle.pop_front();
        }
        if (idle.empty()) return nullptr;
        found = std::move(idle.back().connection);
        idle.pop_back();
      }
      if (!look || found->reusable()) return found;
    }
  }

  /// Whether the peer has closed it meanwhile is asked when it is taken again.
  void give_back(std::shared_ptr<Connection> connection) {
    if (!connection->ended_well()) return;
    std::lock_guard lock(mutex);
    if (idle.size() < kIdleMax) idle.push_back({std::move(connection), monotonic_nanos()});
  }

  static std::function<void()> give_back_later(std::shared_ptr<Impl> pool,
                                               std::shared_ptr<Connection> connection) {
    return [pool = std::move(pool), connection = std::move(connection)] {
      pool->give_back(connection);
    };
  }

  template <class Exchange>
  Response exchange(const Outgoing& request, Exchange exchange) {
    if (auto connection = take_idle(/*look=*/true)) {
      try {
        return exchange(connection);
      } catch (const TransportError&) {
        // The peer closed an idle connection just as we used it: nothing of an answer came.
        if (!connection->was_stale() || !request.repeatable()) throw;
      }
    }
    return exchange(std::make_shared<Connection>(connect()));
  }
};

Pool::Pool(Address address, ClientOptions options)
    : Pool([address = std::move(address), options = std::move(options)] {
        return Connection(address, options);
      }) {}

Pool::Pool(Connect connect) : impl_(std::make_shared<Impl>()) {
  impl_->connect = std::move(connect);
}

Pool::~Pool() = default;

Response Pool::exchange(const Outgoing& request, std::size_t body_max) {
  return impl_->exchange(request, [&](const std::shared_ptr<Connection>& connection) {
    Response response = connection->exchange(request, body_max);
    impl_->give_back(connection);
    return response;
  });
}

Response Pool::exchange_streaming(const Outgoing& request) {
  return impl_->exchange(request, [&](const std::shared_ptr<Connection>& connection) {
    return connection->exchange_streaming(request, Impl::give_back_later(impl_, connection));
  });
}

/// A request that was sent on a connection that had idled.
class Pool::Begun final : public PendingResponse {
 public:
  Begun(std::shared_ptr<Impl> pool, std::shared_ptr<Connection> connection,
        const Outgoing& request)
      : pool_(std::move(pool)), connection_(std::move(connection)), request_(request) {
    Connection::Impl& impl = *connection_->impl_;
    impl.start(request_);
    deadline_ = monotonic_nanos() + std::chrono::nanoseconds(impl.options.read_timeout).count();
  }

  Progress progress() override {
    if (trouble_) return Progress::partial;
    Progress progress = Progress::partial;
    try {
      progress = connection_->impl_->progress();
    } catch (const TransportError&) {
      trouble_ = std::current_exception();
    }
    bool late = progress == Progress::waiting && monotonic_nanos() >= deadline_;
    return late ? Progress::partial : progress;
  }
  int fd() const override { return connection_->impl_->channel->fd(); }
  int64_t deadline() const override { return deadline_; }

  Response finish() override {
    try {
      if (trouble_) std::rethrow_exception(trouble_);
      int64_t left = std::max<int64_t>(0, deadline_ - monotonic_nanos());
      connection_->impl_->receive(milliseconds(left / 1'000'000));
      return connection_->streamed(Impl::give_back_later(pool_, connection_));
    } catch (const TransportError&) {
      if (!connection_->was_stale()) throw;
    }
    auto fresh = std::make_shared<Connection>(pool_->connect());
    return fresh->exchange_streaming(request_, Impl::give_back_later(pool_, fresh));
  }

 private:
  std::shared_ptr<Impl> pool_;
  std::shared_ptr<Connection> connection_;
  const Outgoing& request_;
  std::exception_ptr trouble_;
  int64_t deadline_ = 0;
};

std::unique_ptr<PendingResponse> Pool::begin(const Outgoing& request) {
  // Whether the peer has closed the connection meanwhile shows soon enough: what is repeatable is
  // sent again then.
  auto connection = impl_->take_idle(/*look=*/false);
  if (!connection) return nullptr;
  return std::make_unique<Begun>(impl_, std::move(connection), request);
}

}  // namespace trainyard::http
