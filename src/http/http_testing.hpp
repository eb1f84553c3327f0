// A server under test, clients to try it with, and a handler that does what the path says.
#pragma once

#include <atomic>
#include <condition_variable>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "http/channel.hpp"
#include "http/client.hpp"
#include "http/server.hpp"

namespace trainyard::http {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Sends bytes as they are and reads whatever comes.
class RawClient {
 public:
  explicit RawClient(int port) : fd_(connect_tcp("127.0.0.1", port, milliseconds(2000))) {}

  void send(std::string_view text) {
    ASSERT_EQ(socket_write(fd_.get(), text, {}, milliseconds(2000)).status, IoStatus::ok);
  }
  /// False once the server has gone.
  bool try_send(std::string_view text) {
    return socket_write(fd_.get(), text, {}, milliseconds(2000)).status == IoStatus::ok;
  }
  /// Everything until the server closes or nothing comes for a while.
  std::string read_to_end(milliseconds patience = milliseconds(3000)) {
    return read_until("\x01never", patience);
  }
  std::string read_until(std::string_view mark, milliseconds patience = milliseconds(3000)) {
    std::string text;
    std::size_t searched = 0;
    char piece[64 * 1024];
    while (text.find(mark, searched) == std::string::npos) {
      searched = text.size() < mark.size() ? 0 : text.size() - mark.size();
      IoResult result = socket_read(fd_.get(), piece, sizeof piece, patience);
      closed_ = result.status == IoStatus::closed;
      if (result.status != IoStatus::ok) break;
      text.append(piece, result.size);
    }
    return text;
  }
  bool closed() const { return closed_; }
  void finish_sending() { ::shutdown(fd_.get(), SHUT_WR); }
  /// Ends the connection so that what the server still sends is refused.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    fd_ = Fd();
  }

 private:
  Fd fd_;
  bool closed_ = false;
};

class PatternBody final : public BodyReader {
 public:
  explicit PatternBody(uint64_t size) : left_(size) {}
  std::size_t read(char* data, std::size_t size) override {
    std::size_t count = std::min<uint64_t>(size, left_);
    for (std::size_t i = 0; i < count; ++i) data[i] = static_cast<char>('a' + (offset_++ % 26));
    left_ -= count;
    return count;
  }

 private:
  uint64_t left_;
  uint64_t offset_ = 0;
};

class FailingBody final : public BodyReader {
 public:
  explicit FailingBody(int pieces) : pieces_(pieces) {}
  std::size_t read(char* data, std::size_t) override {
    if (pieces_-- == 0) throw ApiError("NoSuchKey", 404, "gone");
    data[0] = 'x';
    return 1;
  }

 private:
  int pieces_;
};

inline Response plain(std::string body, int status = 200) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

/// The handler of most tests: the path says what to do.
inline Response play(Request& request) {
  std::string path(request.path());
  if (path == "/echo") return plain(read_all(*request.body, 100u << 20));
  if (path == "/ignore") return plain("ignored");
  if (path == "/throw") throw ApiError("ValidationException", 400, "no such thing");
  if (path == "/crash") throw std::runtime_error("secret detail");
  if (path == "/split") {
    Response response;
    response.headers.add("X-Evil", "a\r\nSet-Cookie: b");
    return response;
  }
  if (path == "/stream" || path == "/sized") {
    Response response;
    response.stream = std::make_unique<PatternBody>(300'000);
    if (path == "/sized") response.stream_length = 300'000;
    return response;
  }
  if (path == "/short") {
    Response response;
    response.stream = std::make_unique<PatternBody>(10);
    response.stream_length = 20;
    return response;
  }
  if (path == "/fails-early" || path == "/fails-late") {
    Response response;
    response.stream = std::make_unique<FailingBody>(path == "/fails-early" ? 0 : 3);
    return response;
  }
  if (path == "/head") {
    Response response;
    response.headers.set("Content-Length", "12345");
    return response;
  }
  if (path == "/nothing") return plain("", 204);
  return plain(request.method + " " + request.target + " host=" + request.headers.get("Host"));
}

class HttpTest : public testing::Test {
 protected:
  void start(Server::Handler handler = play, ServerOptions options = {}) {
    server_ = std::make_unique<Server>(options, std::move(handler));
    port_ = server_->listen_tcp("127.0.0.1", 0);
  }
  std::string raw(std::string_view request) {
    RawClient client(port_);
    client.send(request);
    client.finish_sending();
    return client.read_to_end();
  }
  Address address() const {
    return Address::parse("http://127.0.0.1:" + std::to_string(port_));
  }

  std::unique_ptr<Server> server_;
  int port_ = 0;
};

inline bool wait_readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 3000) == 1;
}

inline Outgoing get(std::string target) { return Outgoing{.target = std::move(target)}; }
inline Outgoing post(std::string target, std::string body) {
  return Outgoing{.method = "POST", .target = std::move(target), .body = std::move(body)};
}

}  // namespace trainyard::http
