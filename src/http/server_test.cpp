// The server over real sockets: what well-behaved clients need and what bad ones try.
#include "http/http_testing.hpp"

namespace trainyard::http {
namespace {

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
  for (char c : std::string_view("POST /echo HTTP/1.1\r\nHost: h\r\n"
                                 "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")) {
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
  client.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
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
  // Both threads are taken, one of them by an idle connection, which gives way. Its thread may not
  // have begun to wait yet when the answer has come here: then the newcomer is told to come again.
  auto admitted = [&](RawClient& client) {
    std::string answer;
    while (answer.empty() && !client.closed()) {
      std::unique_lock lock(mutex);
      if (inside == 2) return true;
      lock.unlock();
      answer = client.read_until("\r\n", std::chrono::milliseconds(10));
    }
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
    return false;
  };
  std::optional<RawClient> third;
  do {
    third.emplace(port_);
    third->send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  } while (!admitted(*third));
  idle.read_to_end();
  EXPECT_TRUE(idle.closed());
  RawClient fourth(port_);
  EXPECT_THAT(fourth.read_to_end(), StartsWith("HTTP/1.1 503 "));
  {
    std::lock_guard lock(mutex);
    release = true;
    changed.notify_all();
  }
  EXPECT_THAT(busy.read_until("done"), EndsWith("done"));
  EXPECT_THAT(third->read_until("done"), EndsWith("done"));
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

}  // namespace
}  // namespace trainyard::http
