// The client over real sockets, and messages as values.
#include <set>

#include "http/http_testing.hpp"

namespace trainyard::http {
namespace {

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

TEST_F(HttpTest, PoolRepeatsWhatDoesNoHarmWhenAnIdleConnectionDiesUnderIt) {
  for (bool harmless : {true, false}) {
    // A server that takes the second request on its first connection and closes without an answer.
    int port = 0;
    Fd listening = listen_tcp_socket("127.0.0.1", 0, port);
    std::atomic<int> requests{0};
    std::thread server([&] {
      for (int connection = 0; connection < (harmless ? 2 : 1); ++connection) {
        ASSERT_TRUE(wait_readable(listening.get()));
        int fd = ::accept(listening.get(), nullptr, nullptr);
        Fd socket(fd);
        for (int i = 0; i < (connection == 0 ? 2 : 1); ++i) {
          char waste[4096];
          socket_read(fd, waste, sizeof waste, milliseconds(3000));
          ++requests;
          if (connection == 0 && i == 1) break;
          socket_write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", {},
                       milliseconds(1000));
        }
      }
    });
    Pool pool(Address::parse("http://127.0.0.1:" + std::to_string(port)), {});
    Outgoing request = post("/", "1");
    request.harmless_twice = harmless;
    EXPECT_EQ(pool.exchange(request).body, "ok");
    try {
      EXPECT_EQ(pool.exchange(request).body, "ok");
      EXPECT_TRUE(harmless);
    } catch (const TransportError& error) {
      EXPECT_FALSE(harmless);
      EXPECT_TRUE(error.sent());
    }
    EXPECT_EQ(requests, harmless ? 3 : 2);
    server.join();
  }
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

TEST(Address, BracketsHoldTheWholeHost) {
  EXPECT_EQ(Address::parse("http://[::1]:81/a").host, "::1");
  EXPECT_EQ(Address::parse("http://[::1]:81/a").port, 81);
  EXPECT_EQ(Address::parse("https://[::1]").port, 443);
  for (const char* url : {"http://[::1", "http://[127.0.0.1].example.com/",
                          "http://[::1]a:80/", "https://[evil.example].example.com:8080"}) {
    EXPECT_THROW(Address::parse(url), SystemError) << url;
  }
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

/// A body that must be read: it is not handed on whole.
class ReadBody final : public BodyReader {
 public:
  explicit ReadBody(std::string text) : text_(std::move(text)) {}
  std::size_t read(char* data, std::size_t size) override { return text_.read(data, size); }

 private:
  StringBody text_;
};

template <class Body>
void expect_the_limit() {
  Body fits("12345");
  EXPECT_EQ(read_all(fits, 5), "12345");
  EXPECT_EQ(read_all(fits, 5), "");
  Body long_one("123456");
  try {
    read_all(long_one, 5, "EntityTooLarge");
    FAIL();
  } catch (const ApiError& error) {
    EXPECT_EQ(error.code(), "EntityTooLarge");
    EXPECT_EQ(error.http_status(), 413);
  }
}

TEST(HttpMessage, ReadAllStopsAtTheLimit) {
  expect_the_limit<StringBody>();
  expect_the_limit<ReadBody>();
  StringBody begun("12345");
  char first = 0;
  EXPECT_EQ(begun.read(&first, 1), 1u);
  EXPECT_EQ(read_all(begun, 4), "2345");
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
