// Requests into the world: what a peer may do, and for how long.
#include "server/http_calls.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <functional>
#include <thread>

#include "http/http_testing.hpp"

namespace trainyard::server {
namespace {

using std::chrono::milliseconds;

/// A server of one connection that does what the test says with it.
class Peer {
 public:
  explicit Peer(std::function<void(int)> serve)
      : listening_(http::listen_tcp_socket("127.0.0.1", 0, port_)),
        thread_([this, serve = std::move(serve)] {
          EXPECT_TRUE(http::wait_readable(listening_.get()));
          Fd socket(::accept(listening_.get(), nullptr, nullptr));
          ASSERT_TRUE(socket);
          serve(socket.get());
        }) {}
  ~Peer() { thread_.join(); }

  states::HttpTask task() const {
    states::HttpTask task;
    task.method = "GET";
    task.base = "http://127.0.0.1:" + std::to_string(port_);
    task.target = "/";
    return task;
  }

 private:
  int port_ = 0;
  Fd listening_;
  std::thread thread_;
};

/// What comes within the time, if anything does.
void read(int socket, milliseconds time) {
  char piece[4096];
  http::socket_read(socket, piece, sizeof piece, time);
}

bool write(int socket, const std::string& text) {
  return http::socket_write(socket, text, {}, milliseconds(5'000)).status == http::IoStatus::ok;
}

TEST(HttpCalls, AnAnswerComesBack) {
  Site site;
  site.url = "http://127.0.0.1:1";
  HttpCalls calls(site);
  Peer peer([](int socket) {
    read(socket, milliseconds(5'000));
    write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  });
  auto result = calls.make(peer.task());
  EXPECT_FALSE(result.failure) << result.failure->cause;
}

/// Each of these sends something for as long as it is listened to.
TEST(HttpCalls, TheTimeHoldsWhateverThePeerDoes) {
  Site site;
  site.url = "http://127.0.0.1:1";
  for (const std::string& drip :
       {std::string("HTTP/1.1 100 Continue\r\n\r\n"), std::string("x")}) {
    HttpCalls calls(site, milliseconds(200));
    Peer peer([&](int socket) {
      if (drip == "x") write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
      while (write(socket, drip)) read(socket, milliseconds(20));
    });
    auto result = calls.make(peer.task());
    ASSERT_TRUE(result.failure) << drip;
    EXPECT_EQ(result.failure->error, "States.Http.Socket");
    EXPECT_EQ(result.failure->cause, "no whole answer within 0.2 s");
  }
}

TEST(HttpCalls, AStopBreaksOffWhatIsUnderWay) {
  Site site;
  site.url = "http://127.0.0.1:1";
  HttpCalls calls(site);
  Peer peer([&](int socket) {
    read(socket, milliseconds(5'000));
    calls.stop();
  });
  EXPECT_THROW(calls.make(peer.task()), BrokenOff);
  EXPECT_THROW(calls.make(peer.task()), BrokenOff);
}

}  // namespace
}  // namespace trainyard::server
