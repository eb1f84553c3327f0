// Connections that change their protocol, from the client's head to the other end's last byte.
#include "base/text.hpp"
#include "http/http_testing.hpp"

namespace trainyard::http {
namespace {

constexpr milliseconds kPatience{3000};

/// Answers 101 with a socket behind which whatever comes is sent back; "early" comes first.
class Upgrade : public HttpTest {
 protected:
  void SetUp() override {
    start([this](Request& request) {
      if (!iequals(request.headers.get("Upgrade"), "echo")) return plain("no change", 426);
      Response response;
      response.status = 101;
      response.headers.set("Upgrade", "echo");
      response.tunnel = {.socket = open_echo(), .early = "early "};
      return response;
    });
  }
  void TearDown() override {
    server_.reset();
    for (std::thread& thread : echoes_) thread.join();
  }

  Outgoing wish(const char* protocol) {
    Outgoing request;
    request.upgrade = true;
    request.headers.set("Upgrade", protocol);
    return request;
  }
  static std::string read(int fd, std::size_t size) {
    std::string text;
    while (text.size() < size) {
      char piece[256];
      const IoResult result = socket_read(fd, piece, sizeof piece, kPatience);
      if (result.status != IoStatus::ok) break;
      text.append(piece, result.size);
    }
    return text;
  }

 private:
  Fd open_echo() {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    echoes_.emplace_back([near = Fd(pair[1])] {
      char piece[256];
      for (;;) {
        const IoResult result = socket_read(near.get(), piece, sizeof piece, kPatience);
        if (result.status != IoStatus::ok) break;
        socket_write(near.get(), {piece, result.size}, {}, kPatience);
      }
    });
    return Fd(pair[0]);
  }

  std::vector<std::thread> echoes_;
};

TEST_F(Upgrade, BytesGoBothWays) {
  Connection connection(address(), {});
  const Response response = connection.exchange_streaming(wish("echo"));
  EXPECT_EQ(response.status, 101);
  EXPECT_EQ(response.headers.get("Upgrade"), "echo");
  EXPECT_EQ(response.headers.get("Connection"), "Upgrade");
  Tunnel tunnel = connection.take_over();
  EXPECT_FALSE(connection.reusable());
  ASSERT_EQ(socket_write(tunnel.socket.get(), "hello", {}, kPatience).status, IoStatus::ok);
  const std::size_t wanted = std::string_view("early hello").size() - tunnel.early.size();
  EXPECT_EQ(tunnel.early + read(tunnel.socket.get(), wanted), "early hello");
}

TEST_F(Upgrade, WhatStandsBehindTheRequestIsPassedOn) {
  RawClient client(port_);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nat once");
  const std::string all = client.read_until("at once");
  EXPECT_THAT(all, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_THAT(all, HasSubstr("\r\nConnection: Upgrade\r\n"));
  EXPECT_THAT(all, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(all, EndsWith("\r\n\r\nearly at once"));
}

TEST_F(Upgrade, ARefusalIsAResponseLikeAnyOther) {
  Connection connection(address(), {});
  EXPECT_EQ(connection.exchange(wish("other")).body, "no change");
  EXPECT_TRUE(connection.reusable());
}

TEST_F(Upgrade, StoppingTheServerEndsIt) {
  Connection connection(address(), {});
  ASSERT_EQ(connection.exchange_streaming(wish("echo")).status, 101);
  const Tunnel tunnel = connection.take_over();
  server_->stop(milliseconds(0));
  const std::string left = tunnel.early + read(tunnel.socket.get(), 1000);
  EXPECT_EQ(left, "early ");
}

}  // namespace
}  // namespace trainyard::http
