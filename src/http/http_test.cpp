// The server and the client over real sockets: what well-behaved peers need and what bad ones try.
#include <atomic>
#include <condition_variable>
#include <set>

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
namespace {

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
  /// Everything until the server closes or nothing comes for a while.
  std::string read_to_end(milliseconds patience = milliseconds(3000)) {
    return read_until("\x01never", patience);
  }
  std::string read_until(std::string_view mark, milliseconds patience = milliseconds(3000)) {
    std::string text;
    char piece[4096];
    while (text.find(mark) == std::string::npos) {
      IoResult result = socket_read(fd_.get(), piece, sizeof piece, patience);
      closed_ = result.status == IoStatus::closed;
      if (result.status != IoStatus::ok) break;
      text.append(piece, result.size);
    }
    return text;
  }
  bool closed() const { return closed_; }
  void finish_sending() { ::shutdown(fd_.get(), SHUT_WR); }

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

Response plain(std::string body, int status = 200) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

/// The handler of most tests: the path says what to do.
Response play(Request& request) {
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

bool wait_readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 3000) == 1;
}

Outgoing get(std::string target) { return Outgoing{.target = std::move(target)}; }
Outgoing post(std::string target, std::string body) {
  return Outgoing{.method = "POST", .target = std::move(target), .body = std::move(body)};
}

TEST_F(HttpTest, KeepsTheConnectionForSeveralRequests) {
  start();
  RawClient client(port_);
  for (int i = 0; i < 3; ++i) {
    client.send("GET /a?b=%20 HTTP/1.1\r\nHost: h\r\n\r\n");
    std::string answer = client.read_until("host=h");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Length: 19\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nDate: "));
    EXPECT_THAT(answer, EndsWith("GET /a?b=%20 host=h"));
  }
}

TEST_F(HttpTest, AnswersPipelinedRequestsInOrder) {
  start();
  std::string answers = raw(
      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none"
      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\ntwo"
      "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_LT(answers.find("one"), answers.find("two"));
  EXPECT_LT(answers.find("two"), answers.find("GET /last"));
  EXPECT_THAT(answers, HasSubstr("Connection: close\r\n"));
}

TEST_F(HttpTest, ReadsChunkedBodiesWithExtensionsAndTrailers) {
  start();
  EXPECT_THAT(raw("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "5;name=value\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nX-Trailer: 1\r\n\r\n"),
              EndsWith("\r\n\r\nhello world"));
}

TEST_F(HttpTest, ReadsChunksThatArriveByteByByte) {
  start();
  RawClient client(port_);
  for (char c : std::string_view("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "3\r\nabc\r\n0\r\n\r\n")) {
    client.send({&c, 1});
  }
  EXPECT_THAT(client.read_until("abc"), EndsWith("\r\n\r\nabc"));
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.read_until("host=h"), HasSubstr("200 OK"));
}

TEST_F(HttpTest, RefusesMalformedRequests) {
  start();
  const char* cases[] = {
      "\x01\x02\x03\r\n\r\n",
      "GET\r\n\r\n",
      "GET / HTTP/3.0\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",                                   // no Host
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",             // two
      "GET / HTTP/1.1\r\nHost : a\r\n\r\n",                       // space before the colon
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      // Request smuggling: two framings, or one that is not understood.
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
      "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
  };
  for (const char* text : cases) {
    EXPECT_THAT(raw(text), StartsWith("HTTP/1.1 400 ")) << text;
  }
}

TEST_F(HttpTest, RefusesMalformedChunks) {
  start();
  for (const char* chunks : {"zz\r\n", "5\r\nhelloXX", "-1\r\n", "1 1\r\na\r\n"}) {
    EXPECT_THAT(raw("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
                    std::string(chunks)),
                StartsWith("HTTP/1.1 400 "))
        << chunks;
  }
  std::string endless(200'000, '1');
  EXPECT_THAT(raw("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + endless),
              StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpTest, LimitsTheHead) {
  start();
  std::string large(kHeaderBytesMax, 'x');
  EXPECT_THAT(raw("GET / HTTP/1.1\r\nHost: h\r\nX: " + large + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(raw("GET /" + large + " HTTP/1.1\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
  std::string many;
  for (int i = 0; i < 600; ++i) many += "X: y\r\n";
  EXPECT_THAT(raw("GET / HTTP/1.1\r\nHost: h\r\n" + many + "\r\n"), StartsWith("HTTP/1.1 431 "));
  std::string fits(kHeaderBytesMax - 1000, 'x');
  EXPECT_THAT(raw("GET / HTTP/1.1\r\nHost: h\r\nX: " + fits + "\r\n\r\n"), HasSubstr("200 OK"));
}

TEST_F(HttpTest, TimesOutSlowHeads) {
  start(play, {.header_timeout = milliseconds(200), .idle_timeout = milliseconds(5000)});
  RawClient client(port_);
  client.send("GET / HT");
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 408 "));
  EXPECT_TRUE(client.closed());
}

TEST_F(HttpTest, ATrickleDoesNotExtendTheTimeForAHead) {
  start(play, {.header_timeout = milliseconds(300)});
  RawClient client(port_);
  int64_t begin = monotonic_nanos();
  std::string answer;
  client.send("GET / HTTP/1.1\r\n");
  while (answer.empty() && monotonic_nanos() - begin < 3'000'000'000) {
    client.send("X");
    answer = client.read_until("408", milliseconds(50));
  }
  EXPECT_THAT(answer, HasSubstr("408"));
}

TEST_F(HttpTest, ClosesIdleConnectionsSilently) {
  start(play, {.idle_timeout = milliseconds(150)});
  RawClient client(port_);
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(client.closed());
}

TEST_F(HttpTest, TimesOutSlowBodies) {
  start(play, {.body_timeout = milliseconds(150)});
  RawClient client(port_);
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
  std::string answer = client.read_to_end();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer, HasSubstr("RequestTimeout"));
  EXPECT_TRUE(client.closed());
}

TEST_F(HttpTest, TellsTheHandlerOfACutBody) {
  start();
  EXPECT_THAT(raw("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf"),
              HasSubstr("IncompleteBody"));
}

TEST_F(HttpTest, SendsContinueWhenTheBodyIsFirstRead) {
  start();
  RawClient client(port_);
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_THAT(client.read_until("ok", milliseconds(3000)), HasSubstr("200 OK"));
}

TEST_F(HttpTest, AnswersWithoutContinueWhenTheBodyIsNotWanted) {
  start();
  RawClient client(port_);
  client.send(
      "POST /ignore HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  std::string answer = client.read_to_end();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_THAT(raw("GET / HTTP/1.1\r\nHost: h\r\nExpect: wonders\r\n\r\n"),
              StartsWith("HTTP/1.1 417 "));
}

TEST_F(HttpTest, DrainsSmallBodiesAndClosesOnLargeOnes) {
  start();
  RawClient small(port_);
  small.send("POST /ignore HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n");
  EXPECT_THAT(small.read_until("ignored"), Not(HasSubstr("Connection: close")));
  small.send("unreadGET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(small.read_until("host=h"), HasSubstr("GET / host=h"));

  RawClient large(port_);
  large.send("POST /ignore HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n" +
             std::string(100'000, 'x'));
  std::string answer = large.read_to_end();
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_THAT(answer, EndsWith("ignored"));
  EXPECT_TRUE(large.closed());
}

TEST_F(HttpTest, StreamsChunkedAndSized) {
  start();
  Connection connection(address(), {});
  Response chunked = connection.exchange(get("/stream"));
  EXPECT_EQ(chunked.headers.get("transfer-encoding"), "chunked");
  Response sized = connection.exchange(get("/sized"));
  EXPECT_EQ(sized.headers.get("content-length"), "300000");
  EXPECT_EQ(chunked.body.size(), 300'000u);
  EXPECT_EQ(chunked.body, sized.body);
  EXPECT_EQ(chunked.body.substr(0, 27), "abcdefghijklmnopqrstuvwxyza");
  EXPECT_THAT(raw("GET /stream HTTP/1.0\r\n\r\n"), Not(HasSubstr("Transfer-Encoding")));
}

TEST_F(HttpTest, BrokenStreamsDoNotLookComplete) {
  start();
  EXPECT_THAT(raw("GET /fails-early HTTP/1.1\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(raw("GET /fails-late HTTP/1.1\r\nHost: h\r\n\r\n"), Not(HasSubstr("0\r\n\r\n")));
  for (const char* path : {"/fails-late", "/short"}) {
    Connection connection(address(), {});
    EXPECT_THROW(connection.exchange(get(path)), TransportError) << path;
    EXPECT_FALSE(connection.reusable());
  }
}

TEST_F(HttpTest, AnswersWhatHandlersThrow) {
  start();
  Connection connection(address(), {});
  EXPECT_EQ(connection.exchange(get("/throw")).status, 400);
  Response crash = connection.exchange(get("/crash"));
  EXPECT_EQ(crash.status, 500);
  EXPECT_THAT(crash.body, Not(HasSubstr("secret")));
  Response split = connection.exchange(get("/split"));
  EXPECT_EQ(split.status, 500);
  EXPECT_FALSE(split.headers.has("set-cookie"));
}

TEST_F(HttpTest, HeadAndNoContentHaveNoBody) {
  start();
  Connection connection(address(), {});
  Response head = connection.exchange(Outgoing{.method = "HEAD", .target = "/head"});
  EXPECT_EQ(head.headers.get("Content-Length"), "12345");
  EXPECT_EQ(head.body, "");
  head = connection.exchange(Outgoing{.method = "HEAD", .target = "/sized"});
  EXPECT_EQ(head.headers.get("Content-Length"), "300000");
  Response nothing = connection.exchange(get("/nothing"));
  EXPECT_EQ(nothing.status, 204);
  EXPECT_FALSE(nothing.headers.has("Content-Length"));
  EXPECT_TRUE(connection.reusable());
}

TEST_F(HttpTest, ListensOnUnixSocketsWithTheirOwnHandler) {
  TempDir folder;
  start();
  // Longer than sockaddr_un holds.
  fs::path deep = folder.path() / std::string(80, 'd') / std::string(60, 'e');
  fs::create_directories(deep);
  fs::path path = deep / "door.sock";
  server_->listen_unix(path, 0600, [](Request& request) { return plain(request.peer); });
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  Pool pool(Address::parse("unix:" + path.string()), {});
  EXPECT_EQ(pool.exchange(get("/")).body, "unix");
  EXPECT_THROW(server_->listen_unix(path, 0600), SystemError);
  server_->close_unix(path);
  EXPECT_FALSE(fs::exists(path));
  try {
    pool.exchange(get("/"));
    FAIL() << "the door is closed";
  } catch (const TransportError& error) {
    EXPECT_FALSE(error.sent());
  }
}

TEST_F(HttpTest, ReplacesAStaleSocketFileButNothingElse) {
  TempDir folder;
  fs::path path = folder.path() / "s";
  { Fd dead = listen_unix_socket(path, 0600); }
  start();
  server_->listen_unix(path, 0600);
  EXPECT_EQ(Pool(Address::parse("unix:" + path.string()), {}).exchange(get("/x")).status, 200);
  write_file_atomically(folder.path() / "file", "precious");
  EXPECT_THROW(server_->listen_unix(folder.path() / "file", 0600), SystemError);
  EXPECT_EQ(read_file(folder.path() / "file"), "precious");
}

TEST_F(HttpTest, SaysWhenAPortIsTaken) {
  start();
  Server other({}, play);
  try {
    other.listen_tcp("127.0.0.1", port_);
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), HasSubstr("address already in use"));
  }
}

TEST_F(HttpTest, RefusesConnectionsBeyondTheLimitAndEvictsIdleOnes) {
  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;
  bool release = false;
  start(
      [&](Request& request) {
        if (request.path() == "/wait") {
          std::unique_lock lock(mutex);
          ++inside;
          changed.notify_all();
          changed.wait(lock, [&] { return release; });
        }
        return plain("done");
      },
      {.connections_max = 2});
  RawClient busy(port_), idle(port_);
  busy.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  idle.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  idle.read_until("done");
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return inside == 1; });
  }
  // Both threads are taken, one of them by an idle connection, which gives way.
  RawClient third(port_);
  third.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  idle.read_to_end();
  EXPECT_TRUE(idle.closed());
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return inside == 2; });
  }
  RawClient fourth(port_);
  EXPECT_THAT(fourth.read_to_end(), StartsWith("HTTP/1.1 503 "));
  {
    std::lock_guard lock(mutex);
    release = true;
    changed.notify_all();
  }
  EXPECT_THAT(busy.read_until("done"), EndsWith("done"));
  EXPECT_THAT(third.read_until("done"), EndsWith("done"));
}

TEST_F(HttpTest, StopLetsRunningRequestsFinish) {
  std::atomic<bool> inside{false};
  start([&](Request&) {
    inside = true;
    std::this_thread::sleep_for(milliseconds(200));
    return plain("finished");
  });
  RawClient idle(port_), busy(port_);
  busy.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  while (!inside) std::this_thread::yield();
  server_->stop(milliseconds(5000));
  std::string answer = busy.read_to_end();
  EXPECT_THAT(answer, EndsWith("finished"));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(idle.closed());
  EXPECT_THROW(connect_tcp("127.0.0.1", port_, milliseconds(1000)), SystemError);
}

TEST_F(HttpTest, StopCutsWhatExceedsTheGrace) {
  std::atomic<bool> inside{false};
  start([&](Request& request) {
    inside = true;
    return plain(read_all(*request.body, 1000));
  });
  RawClient client(port_);
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n");
  while (!inside) std::this_thread::yield();
  int64_t begin = monotonic_nanos();
  server_->stop(milliseconds(100));
  EXPECT_LT(monotonic_nanos() - begin, 5'000'000'000);
}

TEST_F(HttpTest, PoolReusesConnectionsAndSurvivesTheServersRestart) {
  std::atomic<int> connections{0};
  std::set<std::string> peers;
  auto handler = [&](Request& request) {
    peers.insert(request.peer);
    return plain(read_all(*request.body, 1 << 20));
  };
  start(handler);
  Pool pool([&] {
    ++connections;
    return Connection(address(), {});
  });
  for (int i = 0; i < 5; ++i) EXPECT_EQ(pool.exchange(post("/", "hello")).body, "hello");
  EXPECT_EQ(peers.size(), 1u);
  EXPECT_EQ(connections, 1);
  int port = port_;
  server_.reset();
  server_ = std::make_unique<Server>(ServerOptions{}, handler);
  server_->listen_tcp("127.0.0.1", port);
  EXPECT_EQ(pool.exchange(post("/", "again")).body, "again");
  EXPECT_EQ(connections, 2);
}

TEST_F(HttpTest, PoolRetriesOnceWhenAnIdleConnectionDiesUnderTheRequest) {
  // A server that takes the second request on a connection and closes without an answer.
  int port = 0;
  Fd listening = listen_tcp_socket("127.0.0.1", 0, port);
  std::atomic<int> requests{0};
  std::thread server([&] {
    for (int connection = 0; connection < 2; ++connection) {
      ASSERT_TRUE(wait_readable(listening.get()));
      int fd = ::accept(listening.get(), nullptr, nullptr);
      Fd socket(fd);
      for (int i = 0; i < (connection == 0 ? 2 : 1); ++i) {
        char waste[4096];
        socket_read(fd, waste, sizeof waste, milliseconds(3000));
        ++requests;
        if (connection == 0 && i == 1) break;
        socket_write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", {}, milliseconds(1000));
      }
    }
  });
  Pool pool(Address::parse("http://127.0.0.1:" + std::to_string(port)), {});
  EXPECT_EQ(pool.exchange(post("/", "1")).body, "ok");
  EXPECT_EQ(pool.exchange(post("/", "2")).body, "ok");
  EXPECT_EQ(requests, 3);
  server.join();
}

TEST_F(HttpTest, ClientTimesOutOnASilentServer) {
  int port = 0;
  Fd listening = listen_tcp_socket("127.0.0.1", 0, port);
  Connection connection(Address::parse("http://127.0.0.1:" + std::to_string(port)),
                        {.read_timeout = milliseconds(100)});
  try {
    connection.exchange(get("/"));
    FAIL();
  } catch (const TransportError& error) {
    EXPECT_TRUE(error.sent());
    EXPECT_THAT(error.what(), HasSubstr("in time"));
  }
}

TEST_F(HttpTest, ClientStreamsBothWays) {
  start();
  auto pool = std::make_unique<Pool>(address(), ClientOptions{});
  PatternBody body(3'000'000);
  Outgoing request{.method = "PUT", .target = "/echo", .stream = &body,
                   .stream_length = 3'000'000};
  Response response = pool->exchange_streaming(request);
  ASSERT_TRUE(response.stream);
  EXPECT_EQ(response.stream_length, 3'000'000u);
  std::string echoed = read_all(*response.stream, 4'000'000);
  EXPECT_EQ(echoed.size(), 3'000'000u);
  EXPECT_EQ(echoed.substr(26 * 1000, 26), "abcdefghijklmnopqrstuvwxyz");
  // An abandoned stream must not poison the next exchange.
  { Response abandoned = pool->exchange_streaming(get("/sized")); }
  EXPECT_EQ(pool->exchange(post("/echo", "x")).body, "x");
}

TEST_F(HttpTest, ClientReadsARefusalThatComesBeforeTheBodyIsSent) {
  start();
  Connection connection(address(), {});
  PatternBody body(200'000'000);
  Response response = connection.exchange(Outgoing{
      .method = "PUT", .target = "/throw", .stream = &body, .stream_length = 200'000'000});
  EXPECT_EQ(response.status, 400);
  EXPECT_FALSE(connection.reusable());
}

TEST_F(HttpTest, ClientLimitsTheResponse) {
  start();
  EXPECT_THROW(Connection(address(), {}).exchange(get("/sized"), 1000), TransportError);
  EXPECT_THROW(Connection(address(), {}).exchange(get("/stream"), 1000), TransportError);
}

TEST_F(HttpTest, ServesManyClientsAtOnce) {
  start();
  Pool pool(address(), {});
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        std::string text = std::to_string(t) + "/" + std::to_string(i);
        if (pool.exchange(post("/echo", text)).body == text) ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 1600);
}

TEST(HttpAddress, Parses) {
  Address address = Address::parse("https://example.com/path");
  EXPECT_TRUE(address.tls);
  EXPECT_EQ(address.host_header(), "example.com");
  EXPECT_EQ(Address::parse("http://127.0.0.1:4566").host_header(), "127.0.0.1:4566");
  EXPECT_EQ(Address::parse("http://[::1]:8080").host, "::1");
  EXPECT_EQ(Address::parse("http://[::1]:8080").host_header(), "[::1]:8080");
  EXPECT_EQ(Address::parse("unix:/run/x.sock").unix_path, "/run/x.sock");
  for (const char* bad : {"", "ftp://x", "http://", "http://h:99999", "http://h:1x", "unix:rel"}) {
    EXPECT_THROW(Address::parse(bad), SystemError) << bad;
  }
}

TEST(HttpMessage, HeadersCompareWithoutCase) {
  Headers headers;
  headers.add("X-A", "1");
  headers.add("x-a", "2");
  headers.add("B", "3");
  EXPECT_EQ(headers.get("X-a"), "1");
  EXPECT_EQ(headers.all("x-A").size(), 2u);
  headers.set("X-A", "9");
  EXPECT_EQ(headers.all("x-a"), std::vector<std::string>{"9"});
  headers.remove("b");
  EXPECT_FALSE(headers.has("B"));
}

TEST(HttpMessage, ReadAllStopsAtTheLimit) {
  StringBody fits("12345");
  EXPECT_EQ(read_all(fits, 5), "12345");
  StringBody long_one("123456");
  try {
    read_all(long_one, 5, "EntityTooLarge");
    FAIL();
  } catch (const ApiError& error) {
    EXPECT_EQ(error.code(), "EntityTooLarge");
    EXPECT_EQ(error.http_status(), 413);
  }
}

TEST(HttpMessage, ParsesQueries) {
  auto pairs = parse_query("a=1&b&c=%2F+x&=y");
  ASSERT_TRUE(pairs);
  ASSERT_EQ(pairs->size(), 4u);
  EXPECT_EQ((*pairs)[1].second, "");
  EXPECT_EQ((*pairs)[2].second, "/+x");
  EXPECT_FALSE(parse_query("a=%zz"));
}

}  // namespace
}  // namespace trainyard::http
