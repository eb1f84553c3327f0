#include "http/session.hpp"

#include <algorithm>
#include <array>

#include <poll.h>
#include <sys/socket.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "http/status.hpp"
#include "http/tls.hpp"
#include "http/tunnel.hpp"

namespace trainyard::http {
namespace {

using std::chrono::milliseconds;

/// A body that the handler left is read up to here to keep the connection; a longer one ends it.
constexpr uint64_t kDrainMax = 64 * 1024;
/// Slower than this, once it has been waited for as long as `body_timeout`, a body counts as one
/// that has stopped: it would hold a thread for as long as its sender likes.
constexpr double kBodyBytesPerSecondMin = 240;
constexpr milliseconds kLinger{2'000};
constexpr std::size_t kStreamPiece = 64 * 1024;
/// Bodies up to here are copied behind the head: cheaper than a second I/O vector.
constexpr std::size_t kInlineBody = 4 * 1024;

bool has_closed(int socket) {
  pollfd entry{socket, POLLRDHUP, 0};
  return ::poll(&entry, 1, 0) > 0;  // an error or a hang-up is always told
}

bool has_control(std::string_view text) {
  for (unsigned char c : text) {
    if ((c < 0x20 && c != '\t') || c == 0x7f) return true;
  }
  return false;
}

bool written_by_us(std::string_view name) {
  switch (name.size()) {
    case 4: return iequals(name, "date");
    case 10: return iequals(name, "connection");
    case 14: return iequals(name, "content-length");
    case 17: return iequals(name, "transfer-encoding");
    default: return false;
  }
}

}  // namespace

/// The request's body as the handler sees it.
class Session::Body final : public BodyReader {
 public:
  Body(Session& session, bool expects_continue)
      : session_(session), continue_owed_(expects_continue && !session.reader_->body_complete()) {}

  std::size_t read(char* data, std::size_t size) override {
    if (failed_) throw broken();
    if (continue_owed_) {
      continue_owed_ = false;
      if (session_.reader_->buffered() == 0 &&
          !session_.write("HTTP/1.1 100 Continue\r\n\r\n", {})) {
        failed_ = true;
        throw broken();
      }
    }
    BodyStatus status;
    std::size_t count = read_piece(data, size, status);
    switch (status) {
      case BodyStatus::more:
      case BodyStatus::complete: return count;
      case BodyStatus::timed_out:
        failed_ = true;
        throw ApiError("RequestTimeout", 400,
                       "Your socket connection to the server was not read from or written to "
                       "within the timeout period. Idle connections will be closed.");
      case BodyStatus::malformed:
        failed_ = true;
        throw ApiError("InvalidRequest", 400, "The chunked body is malformed");
      case BodyStatus::cut: break;
    }
    failed_ = true;
    throw broken();
  }

  bool failed() const { return failed_; }
  bool continue_owed() const { return continue_owed_; }

 private:
  std::size_t read_piece(char* data, std::size_t size, BodyStatus& status) {
    const milliseconds timeout = session_.options_.body_timeout;
    if (session_.reader_->body_buffered()) {
      return session_.reader_->read_body(data, size, timeout, status);
    }
    const int64_t begin = monotonic_nanos();
    std::size_t count = session_.reader_->read_body(data, size, timeout, status);
    waited_ += monotonic_nanos() - begin;
    received_ += count;
    const bool long_enough = waited_ > std::chrono::nanoseconds(timeout).count();
    if (long_enough && received_ < kBodyBytesPerSecondMin * 1e-9 * static_cast<double>(waited_)) {
      status = BodyStatus::timed_out;
    }
    return count;
  }

  static ApiError broken() {
    return ApiError("IncompleteBody", 400,
                    "You did not provide the number of bytes specified by the Content-Length "
                    "HTTP header");
  }

  Session& session_;
  bool continue_owed_;
  bool failed_ = false;
  int64_t waited_ = 0;   // nanoseconds in which nothing was here to read
  double received_ = 0;  // bytes that were waited for
};

struct Session::Exchange {
  Exchange(Session& session, bool expects_continue) : body(session, expects_continue) {}

  Body body;
  Request request;
  std::optional<Response> response;
};

Session::Session(Fd socket, std::string peer, const ServerOptions& options,
                 std::shared_ptr<const Server::Handler> handler, const void* door,
                 const std::atomic<bool>& stopping)
    : options_(options),
      handler_(std::move(handler)),
      door_(door),
      stopping_(stopping),
      peer_(std::move(peer)),
      channel_(plain_channel(std::move(socket), options.idle_timeout)),
      io_(channel_.get()),
      reader_(std::make_unique<MessageReader>(*io_, Parser::Kind::request, kHeaderBytesMax)) {}

Session::~Session() = default;

Session::Pause Session::go_on(bool may_wait) {
  may_wait_ = may_wait;
  // In the middle of an exchange it was not the socket that had something to tell.
  readable_ = !exchange_;
  try {
    Pause pause = serve();
    if (pause != Pause::ended) return pause;
    if (unread_input_ && !may_wait) return Pause::thread;
    if (unread_input_) linger();
  } catch (const std::exception& error) {
    log_error("connection from {}: {}", peer_, error.what());
  }
  return Pause::ended;
}

int Session::awaited() const { return exchange_->response->pending->fd(); }

bool Session::call(std::function<void()> ready) {
  PendingResponse& pending = *exchange_->response->pending;
  if (pending.calls()) pending.call(std::move(ready));
  return pending.calls();
}

int64_t Session::deadline() const { return exchange_->response->pending->deadline(); }

void Session::cut() { ::shutdown(channel_->fd(), SHUT_RDWR); }

Session::Pause Session::serve() {
  while (!over_) {
    Step step = unsent_ > 0                       ? flush()
                : !exchange_                      ? next_request()
                : !exchange_->response            ? handle()
                : exchange_->response->pending    ? await_response()
                                                  : respond();
    if (step) return *step;
  }
  return Pause::ended;
}

Session::Step Session::end() {
  over_ = true;
  return Pause::ended;
}

Session::Step Session::next_request() {
  // Idle is announced before `stopping_` is looked at; stop() does it the other way round.
  idle_since_ = monotonic_nanos();
  if (stopping_) return end();
  if (!may_wait_) {
    if (Step step = take_in_head()) return step;
  }
  HeadStatus status = reader_->read_head(head_, options_.idle_timeout, options_.header_timeout);
  idle_since_ = 0;
  return status == HeadStatus::complete ? begin_exchange() : refuse(status);
}

/// Without waiting: on only with a head that is here to its end.
Session::Step Session::take_in_head() {
  if (reader_->head_buffered()) return std::nullopt;
  if (std::exchange(readable_, false)) {
    IoStatus status = reader_->take_in();
    bool ended = status != IoStatus::ok && status != IoStatus::timed_out;
    if (ended && reader_->buffered() == 0) return end();
    if (reader_->head_buffered()) return std::nullopt;
  }
  if (reader_->buffered() == 0) return Pause::idle;
  idle_since_ = 0;
  return Pause::thread;
}

Session::Step Session::begin_exchange() {
  bool expects_continue = false;
  if (const std::string* expect = head_.headers.find("expect")) {
    if (!iequals(*expect, "100-continue")) {
      unread_input_ = true;
      answer(417, "Only 100-continue can be expected");
      return end();
    }
    expects_continue = !head_.http_1_0;
  }
  exchange_ = std::make_unique<Exchange>(*this, expects_continue);
  Request& request = exchange_->request;
  request.method = std::move(head_.method);
  request.target = std::move(head_.target);
  request.headers = std::move(head_.headers);
  request.body = &exchange_->body;
  request.length = head_.length;
  request.peer = peer_;
  request.secure = tls_ != nullptr;
  request.gone = [socket = channel_->fd()] { return has_closed(socket); };
  return std::nullopt;
}

Session::Step Session::refuse(HeadStatus status) {
  unread_input_ = true;
  switch (status) {
    case HeadStatus::slow: answer(408, "The request took too long to arrive"); break;
    case HeadStatus::malformed: answer(400, "Malformed HTTP request: " + reader_->what()); break;
    case HeadStatus::too_large: answer(431, reader_->what()); break;
    default: unread_input_ = false;
  }
  return end();
}

Session::Step Session::handle() {
  Exchange& exchange = *exchange_;
  if (exchange.request.method == "CONNECT") return connect();
  if (!may_wait_ && !(options_.quick(exchange.request) && reader_->body_buffered())) {
    return Pause::thread;
  }
  exchange.response = make_response([&] { return (*handler_)(exchange.request); });
  // What has just been asked for has not come yet: the first look is left to the loop.
  const auto& pending = exchange.response->pending;
  if (!may_wait_ && pending && (pending->fd() >= 0 || pending->calls())) return Pause::pending;
  return std::nullopt;
}

/// CONNECT: unless it is refused, the connection is something else from here on.
Session::Step Session::connect() {
  if (!may_wait_) return Pause::thread;
  const bool clean = reader_->body_complete();
  ConnectAnswer answer;
  answer.status = clean ? 405 : 400;
  answer.text = clean ? "CONNECT is not served here" : "CONNECT takes no body";
  const Response response = make_response([&] {
    if (clean && options_.connect && !tls_) answer = options_.connect(exchange_->request);
    Response made;
    made.status = answer.status;
    made.body = answer.text;
    return made;
  });
  exchange_.reset();
  if (response.status != 200) {
    unread_input_ = !clean;
    refuse_tunnel(response.status, trim(response.body));
    return end();
  }
  if (!write("HTTP/1.1 200 Connection established\r\n\r\n", answer.early)) return end();
  if (!answer.identity) return tunnel(std::move(answer));
  try {
    tls_ = tls_server_channel(channel_->fd(), *answer.identity, reader_->take_buffered(),
                              options_.header_timeout);
  } catch (const SystemError& error) {
    log_warning("connection from {}: {}", peer_, error.what());  // it trusts another authority, say
    return end();
  }
  io_ = tls_.get();
  reader_ = std::make_unique<MessageReader>(*io_, Parser::Kind::request, kHeaderBytesMax);
  return std::nullopt;
}

/// Clients show the status line of a refusal and nothing else, so the reason stands in both places.
void Session::refuse_tunnel(int status, std::string_view why) {
  std::string line(why);
  std::replace_if(line.begin(), line.end(), [](char c) { return has_control({&c, 1}); }, ' ');
  out_ = fmt::format("HTTP/1.1 {0} {1}\r\nContent-Type: text/plain\r\nContent-Length: {2}\r\n"
                     "Connection: close\r\n\r\n{1}\n",
                     status, line, line.size() + 1);
  write(out_, {});
}

Session::Step Session::tunnel(ConnectAnswer answer) {
  relay(channel_->fd(), answer.upstream.get(), reader_->take_buffered());
  return end();
}

Session::Step Session::await_response() {
  Response& response = *exchange_->response;
  Wait::Progress progress = response.pending->progress();
  // The loop looks at sockets, and what a TLS session has read from its own tells it nothing.
  const bool loop = options_.quick && !tls_;
  if (progress == Wait::Progress::waiting && loop) return Pause::pending;
  if (progress != Wait::Progress::whole && !may_wait_) return Pause::thread;
  std::unique_ptr<PendingResponse> pending = std::move(response.pending);
  response = make_response([&] {
    Response made = pending->finish();
    if (progress == Wait::Progress::whole && made.stream) {
      made.body = read_all(*made.stream, SIZE_MAX);
      made.stream.reset();
    }
    return made;
  });
  return std::nullopt;
}

template <class Make>
Response Session::make_response(const Make& make) {
  Response response;
  response.headers.add("Content-Type", "text/plain");
  try {
    return make();
  } catch (const ApiError& error) {
    response.status = error.http_status();
    response.body = error.code() + ": " + error.message() + "\n";
  } catch (const std::exception& error) {
    const Request& request = exchange_->request;
    log_error("{} {}: {}", request.method, request.path(), error.what());
    response.status = 500;
    response.body = "InternalFailure\n";
  }
  return response;
}

Session::Step Session::respond() {
  Response& response = *exchange_->response;
  const bool waits =
      response.stream || response.tunnel || response.over || !reader_->body_buffered();
  if (!may_wait_ && waits) return Pause::thread;
  if (response.tunnel) return change_protocol();
  bool keep_alive = settle_body() && head_.keep_alive && !response.close && !stopping_;
  last_ = !keep_alive;
  bool sent = send(response, keep_alive);
  const auto over = std::move(response.over);
  exchange_.reset();
  if (over) over(sent);
  if (!sent || (keep_alive && !drain_small())) return end();
  over_ = last_ && unsent_ == 0;
  return std::nullopt;
}

Session::Step Session::change_protocol() {
  Response response = std::move(*exchange_->response);
  if (tls_ || !reader_->body_complete()) {
    answer(501, "The protocol cannot be changed here");
    return end();
  }
  append_head(response, false, false, false, true);
  exchange_.reset();
  if (!write(out_, response.tunnel->early)) return end();
  relay(channel_->fd(), response.tunnel->socket.get(), reader_->take_buffered(),
        response.tunnel->goes_on);
  return end();
}

/// What the socket did not take at once.
Session::Step Session::flush() {
  if (!may_wait_) return Pause::thread;
  bool sent = write(std::string_view(out_).substr(out_.size() - std::exchange(unsent_, 0)), {});
  over_ = !sent || last_;
  return std::nullopt;
}

/// Whether the connection can go on although the handler may have left a part of the body.
bool Session::settle_body() {
  const Body& body = exchange_->body;
  if (reader_->body_complete()) return true;
  auto left = reader_->body_left();
  bool settled = !body.failed() && !body.continue_owed() && left && *left <= kDrainMax;
  if (!settled && !body.failed() && !body.continue_owed() && !left) {
    // Chunked: whatever has come already may be all.
    std::array<char, 4096> waste;
    BodyStatus status = BodyStatus::more;
    for (uint64_t count = 0; status == BodyStatus::more && count < kDrainMax;) {
      if (reader_->buffered() == 0 && !io_->readable()) break;
      count += reader_->read_body(waste.data(), waste.size(), milliseconds(0), status);
    }
    settled = reader_->body_complete();
  }
  unread_input_ = !settled;
  return settled;
}

/// Nobody needs these bytes: the time for all of them is limited, and the connection may be the one
/// that gives way to a newcomer.
bool Session::drain_small() {
  if (reader_->body_complete()) return true;
  idle_since_ = monotonic_nanos();
  const int64_t deadline = idle_since_ + std::chrono::nanoseconds(options_.body_timeout).count();
  std::array<char, 4096> waste;
  while (!reader_->body_complete()) {
    const milliseconds left((deadline - monotonic_nanos()) / 1'000'000);
    if (left.count() < 0) return false;
    BodyStatus status;
    reader_->read_body(waste.data(), waste.size(), left, status);
    if (status != BodyStatus::more && status != BodyStatus::complete) return false;
  }
  return true;
}

void Session::append_head(const Response& response, bool body_allowed, bool head_request,
                          bool chunked, bool keep_alive) {
  Time now = SystemClock().now();
  if (to_millis(now) / 1000 != date_second_) {
    date_second_ = to_millis(now) / 1000;
    date_ = http_date(now);
  }
  auto line = [this](std::string_view name, std::string_view value) {
    out_.append(name).append(": ").append(value).append("\r\n");
  };
  out_.clear();
  out_.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out_.append(reason_phrase(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers) {
    if (written_by_us(name)) continue;
    if (has_control(name) || has_control(value)) {
      throw SystemError("control characters in response header " + name);
    }
    line(name, value);
  }
  const std::string* own_length = response.headers.find("content-length");
  if (chunked) {
    line("Transfer-Encoding", "chunked");
  } else if (own_length != nullptr && (head_request || response.status == 304)) {
    line("Content-Length", *own_length);
  } else if (body_allowed && (response.stream == nullptr || response.stream_length)) {
    line("Content-Length", std::to_string(response.stream ? *response.stream_length
                                                          : response.body.size()));
  }
  const std::string* own_date = response.headers.find("date");
  line("Date", own_date != nullptr ? *own_date : date_);
  if (response.tunnel) {
    line("Connection", "Upgrade");
  } else if (!keep_alive) {
    line("Connection", "close");
  } else if (head_.http_1_0) {
    line("Connection", "keep-alive");
  }
  out_.append("\r\n");
}

bool Session::send(Response& response, bool keep_alive) {
  const Request& request = exchange_->request;
  const bool head_request = request.method == "HEAD";
  const bool body_allowed =
      response.status >= 200 && response.status != 204 && response.status != 304;
  const bool unknown_length = body_allowed && response.stream && !response.stream_length;
  const bool chunked = unknown_length && !head_.http_1_0;
  if (unknown_length && head_.http_1_0) keep_alive = false;
  try {
    append_head(response, body_allowed, head_request, chunked && !head_request, keep_alive);
  } catch (const SystemError& error) {
    log_error("{} {}: {}", request.method, request.path(), error.what());
    answer(500, "InternalFailure");
    return false;
  }
  if (head_request || !body_allowed) return send_inline({});
  if (response.stream) {
    // An HTTP/1.0 client learns the end of such a stream from the end of the connection.
    return send_stream(response, chunked) && !(unknown_length && head_.http_1_0);
  }
  return send_inline(response.body);
}

bool Session::send_inline(std::string_view body) {
  if (may_wait_ && body.size() > kInlineBody) return write(out_, body);
  out_.append(body);
  if (may_wait_) return write(out_, {});
  IoResult result = io_->write(out_, {}, milliseconds(0));
  if (result.status == IoStatus::timed_out) unsent_ = out_.size() - result.size;
  return result.status == IoStatus::ok || unsent_ > 0;
}

/// The head waits in out_ for the first piece, so that a stream that fails at once is still
/// answered with an error of its own.
bool Session::send_stream(Response& response, bool chunked) {
  uint64_t left = response.stream_length.value_or(UINT64_MAX);
  std::vector<char> piece(std::min<uint64_t>(kStreamPiece, left));
  bool begun = false;
  try {
    while (left > 0) {
      std::size_t count =
          response.stream->read(piece.data(), std::min<uint64_t>(piece.size(), left));
      if (count == 0) break;
      left -= count;
      if (chunked) out_.append(fmt::format("{:x}\r\n", count));
      if (!write(out_, {piece.data(), count})) return false;
      begun = true;
      out_.assign(chunked ? "\r\n" : "");
    }
  } catch (const std::exception& error) {
    log_warning("response to {} broke off: {}", peer_, error.what());
    if (!begun) {
      const auto* api_error = dynamic_cast<const ApiError*>(&error);
      answer(api_error != nullptr ? api_error->http_status() : 500,
             api_error != nullptr ? api_error->code() : "InternalFailure");
    }
    return false;
  }
  if (chunked) out_.append("0\r\n\r\n");
  if (!out_.empty() && !write(out_, {})) return false;
  if (response.stream_length && left > 0) {
    log_warning("response to {} is {} bytes short", peer_, left);
    return false;
  }
  return true;
}

bool Session::write(std::string_view head, std::string_view body) {
  milliseconds timeout = may_wait_ ? options_.body_timeout : milliseconds(0);
  return io_->write(head, body, timeout).status == IoStatus::ok;
}

void Session::answer(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.body = std::string(text) + "\n";
  response.headers.add("Content-Type", "text/plain");
  append_head(response, true, false, false, false);
  out_.append(response.body);
  write(out_, {});
}

/// Closing with unread input resets the connection and may destroy the answer on its way: the peer
/// gets a moment to read it and to stop sending.
void Session::linger() {
  ::shutdown(channel_->fd(), SHUT_WR);
  int64_t deadline = monotonic_nanos() + std::chrono::nanoseconds(kLinger).count();
  std::vector<char> waste(kStreamPiece);
  for (;;) {
    milliseconds left((deadline - monotonic_nanos()) / 1'000'000);
    if (left.count() <= 0 || stopping_) return;
    if (io_->read(waste.data(), waste.size(), left).status != IoStatus::ok) return;
  }
}

}  // namespace trainyard::http
