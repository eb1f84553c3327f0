#include "http/session.hpp"

#include <array>

#include <sys/socket.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace trainyard::http {
namespace {

using std::chrono::milliseconds;

/// A body that the handler left is read up to here to keep the connection; a longer one ends it.
constexpr uint64_t kDrainMax = 64 * 1024;
constexpr milliseconds kLinger{2'000};
constexpr std::size_t kStreamPiece = 64 * 1024;
/// Bodies up to here are copied behind the head: cheaper than a second I/O vector.
constexpr std::size_t kInlineBody = 4 * 1024;

std::string_view reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 424: return "Failed Dependency";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
  }
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
      : session_(session), continue_owed_(expects_continue && !session.reader_.body_complete()) {}

  std::size_t read(char* data, std::size_t size) override {
    if (failed_) throw broken();
    if (continue_owed_) {
      continue_owed_ = false;
      if (session_.reader_.buffered() == 0 &&
          !session_.write("HTTP/1.1 100 Continue\r\n\r\n", {})) {
        failed_ = true;
        throw broken();
      }
    }
    BodyStatus status;
    std::size_t count =
        session_.reader_.read_body(data, size, session_.options_.body_timeout, status);
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
  static ApiError broken() {
    return ApiError("IncompleteBody", 400,
                    "You did not provide the number of bytes specified by the Content-Length "
                    "HTTP header");
  }

  Session& session_;
  bool continue_owed_;
  bool failed_ = false;
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
      reader_(*channel_, Parser::Kind::request, kHeaderBytesMax) {}

void Session::run() {
  try {
    while (serve_one()) {
    }
    if (unread_input_) linger();
  } catch (const std::exception& error) {
    log_error("connection from {}: {}", peer_, error.what());
  }
}

void Session::cut() { ::shutdown(channel_->fd(), SHUT_RDWR); }

bool Session::serve_one() {
  // Idle is announced before `stopping_` is looked at; stop() does it the other way round.
  idle_since_ = monotonic_nanos();
  if (stopping_) return false;
  HeadStatus status = reader_.read_head(head_, options_.idle_timeout, options_.header_timeout);
  idle_since_ = 0;
  if (status != HeadStatus::complete) return refuse(status);

  bool expects_continue = false;
  if (const std::string* expect = head_.headers.find("expect")) {
    if (!iequals(*expect, "100-continue")) {
      unread_input_ = true;
      answer(417, "Only 100-continue can be expected");
      return false;
    }
    expects_continue = !head_.http_1_0;
  }
  Body body(*this, expects_continue);
  Request request;
  request.method = std::move(head_.method);
  request.target = std::move(head_.target);
  request.headers = std::move(head_.headers);
  request.body = &body;
  request.length = head_.length;
  request.peer = peer_;

  Response response = handle(request);
  bool settled = settle_body(body);
  bool keep_alive = settled && head_.keep_alive && !response.close && !stopping_;
  if (!send(response, request, keep_alive)) return false;
  return keep_alive && drain_small();
}

bool Session::refuse(HeadStatus status) {
  unread_input_ = true;
  switch (status) {
    case HeadStatus::slow: answer(408, "The request took too long to arrive"); break;
    case HeadStatus::malformed: answer(400, "Malformed HTTP request: " + reader_.what()); break;
    case HeadStatus::too_large: answer(431, reader_.what()); break;
    default: unread_input_ = false;
  }
  return false;
}

Response Session::handle(Request& request) {
  Response response;
  response.headers.add("Content-Type", "text/plain");
  try {
    return (*handler_)(request);
  } catch (const ApiError& error) {
    response.status = error.http_status();
    response.body = error.code() + ": " + error.message() + "\n";
  } catch (const std::exception& error) {
    log_error("{} {}: {}", request.method, request.path(), error.what());
    response.status = 500;
    response.body = "InternalFailure\n";
  }
  return response;
}

/// Whether the connection can go on although the handler may have left a part of the body.
bool Session::settle_body(const Body& body) {
  if (reader_.body_complete()) return true;
  auto left = reader_.body_left();
  bool settled = !body.failed() && !body.continue_owed() && left && *left <= kDrainMax;
  if (!settled && !body.failed() && !body.continue_owed() && !left) {
    // Chunked: whatever has come already may be all.
    std::array<char, 4096> waste;
    BodyStatus status = BodyStatus::more;
    for (uint64_t count = 0; status == BodyStatus::more && count < kDrainMax;) {
      if (reader_.buffered() == 0 && !channel_->readable()) break;
      count += reader_.read_body(waste.data(), waste.size(), milliseconds(0), status);
    }
    settled = reader_.body_complete();
  }
  unread_input_ = !settled;
  return settled;
}

bool Session::drain_small() {
  std::array<char, 4096> waste;
  while (!reader_.body_complete()) {
    BodyStatus status;
    reader_.read_body(waste.data(), waste.size(), options_.body_timeout, status);
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
  out_.append(reason(response.status)).append("\r\n");
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
  if (!keep_alive) {
    line("Connection", "close");
  } else if (head_.http_1_0) {
    line("Connection", "keep-alive");
  }
  out_.append("\r\n");
}

bool Session::send(Response& response, const Request& request, bool keep_alive) {
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
  if (head_request || !body_allowed) return write(out_, {});
  if (response.stream) {
    // An HTTP/1.0 client learns the end of such a stream from the end of the connection.
    return send_stream(response, chunked) && !(unknown_length && head_.http_1_0);
  }
  if (response.body.size() > kInlineBody) return write(out_, response.body);
  out_.append(response.body);
  return write(out_, {});
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
  return channel_->write(head, body, options_.body_timeout).status == IoStatus::ok;
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
    if (channel_->read(waste.data(), waste.size(), left).status != IoStatus::ok) return;
  }
}

}  // namespace trainyard::http
