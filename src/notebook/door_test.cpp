// The door between real sockets: a client in front, a server on a Unix socket behind it.
#include "notebook/door_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/files.hpp"
#include "notebook/pages.hpp"

namespace trainyard::notebook {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Stands for Jupyter and, at a port of its own, for the daemon.
http::Response play(http::Request& request) {
  const std::string_view path = request.path();
  if (request.headers.has("Upgrade")) {
    if (path == "/no") return http::text_response(404, "no such kernel");
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    const Fd near(pair[1]);
    write_all(near.get(), "frame", "a socket");
    http::Response response;
    response.status = 101;
    response.headers.set("Upgrade", "websocket");
    response.tunnel = http::Tunnel{.socket = Fd(pair[0])};
    return response;
  }
  if (path == "/lab") {
    http::Response page = http::text_response(200, "<head></head>", "text/html");
    page.headers.set("ETag", "\"1\"");
    page.headers.set("Set-Cookie", "_xsrf=2");
    return page;
  }
  if (path == "/files/x.html") return http::text_response(200, "<head></head>", "text/html");
  if (path.starts_with("/_console/")) {
    return http::text_response(200, "console " + request.target, "text/html");
  }
  return http::text_response(
      200, request.method + " " + request.target + " " + request.headers.get("Authorization") +
               " " + http::read_all(*request.body, 1 << 20));
}

class DoorTest : public testing::Test {
 protected:
  void SetUp() override {
    const fs::path socket = folder_.path() / "jupyter.sock";
    behind_.listen_unix(socket, 0600);
    DoorOptions options;
    options.jupyter = [socket] {
      return http::Connection(http::Address::parse("unix:" + socket.string()), to_jupyter());
    };
    options.jupyter_token = "jupyters";
    client::Config daemon;
    daemon.endpoint_url =
        "http://127.0.0.1:" + std::to_string(behind_.listen_tcp("127.0.0.1", 0));
    daemon.credentials = client::fixed_credentials({"AKIAX", "secret", ""});
    options.page = presigned_pages(daemon, clock_);
    options.access = fixed_access("t0ken", "s3ssion", {});
    options_ = options;
    door_ = std::make_unique<DoorServer>(options, "127.0.0.1", 0);
  }

  http::Connection connect() const {
    return {http::Address::parse("http://127.0.0.1:" + std::to_string(door_->port())), {}};
  }
  http::Outgoing come(const std::string& target, bool known = true) const {
    http::Outgoing request;
    request.target = target;
    if (known) {
      request.headers.set("Cookie",
                          "trainyard-notebook-" + std::to_string(door_->port()) + "=s3ssion");
    }
    return request;
  }
  http::Response get(const std::string& target, bool known = true) const {
    return connect().exchange(come(target, known));
  }

  TempDir folder_;
  SystemClock clock_;
  http::Server behind_{{}, play};
  DoorOptions options_;
  std::unique_ptr<DoorServer> door_;
};

TEST_F(DoorTest, TheLinkOpensIt) {
  EXPECT_EQ(get("/lab", false).status, 403);
  http::Outgoing request = come("/lab?token=t0ken&reset", false);
  request.headers.set("Accept", "text/html");
  const http::Response entered = connect().exchange(request);
  EXPECT_EQ(entered.status, 303);
  EXPECT_EQ(entered.headers.get("Location"), "/lab?reset");
  EXPECT_EQ(entered.headers.get("Referrer-Policy"), "no-referrer");
  const std::string cookie = entered.headers.get("Set-Cookie");
  EXPECT_THAT(cookie, HasSubstr("; HttpOnly; SameSite=Lax"));
  request = come("/lab", false);
  request.headers.set("Cookie", cookie.substr(0, cookie.find(';')));
  EXPECT_EQ(connect().exchange(request).status, 200);
}

TEST_F(DoorTest, RequestsGoThroughAsJupytersOwn) {
  http::Outgoing request = come("/api/contents/a%20b?type=file&token=t0ken");
  request.method = "PUT";
  request.body = std::string(100'000, 'x');
  const http::Response answer = connect().exchange(request);
  EXPECT_EQ(answer.body,
            "PUT /api/contents/a%20b?type=file token jupyters " + std::string(100'000, 'x'));
}

TEST_F(DoorTest, PagesOfTheApplicationGetTheScript) {
  const http::Response page = get("/lab");
  EXPECT_THAT(page.body, StartsWith("<head><script src=\"/_trainyard/notebook.js\">"));
  EXPECT_FALSE(page.headers.has("ETag"));
  EXPECT_EQ(page.headers.get("Set-Cookie"), "_xsrf=2");
  EXPECT_EQ(get("/files/x.html").body, "<head></head>");
  const http::Response script = get("/_trainyard/notebook.js");
  EXPECT_EQ(script.body, notebook::script());
  EXPECT_EQ(script.headers.get("Content-Type"), "text/javascript");
  EXPECT_EQ(get("/_trainyard/notebook.js", false).status, 403);
  EXPECT_EQ(get("/_trainyard/other").status, 404);
}

TEST_F(DoorTest, WebSocketsGoThrough) {
  http::Outgoing request = come("/api/kernels/1/channels");
  request.upgrade = true;
  request.headers.set("Upgrade", "websocket");
  http::Connection connection = connect();
  ASSERT_EQ(connection.exchange_streaming(request).status, 101);
  http::Tunnel tunnel = connection.take_over();
  std::string text = tunnel.early;
  char piece[64];
  for (ssize_t count = 1; count > 0 && text != "frame";) {
    count = ::read(tunnel.socket.get(), piece, sizeof piece);
    if (count > 0) text.append(piece, count);
  }
  EXPECT_EQ(text, "frame");
  request.target = "/no";
  const http::Response refused = connect().exchange(request);
  EXPECT_EQ(refused.status, 404);
  EXPECT_EQ(refused.body, "no such kernel");
  request = come("/api/kernels/1/channels", false);
  request.upgrade = true;
  request.headers.set("Upgrade", "websocket");
  EXPECT_EQ(connect().exchange(request).status, 403);
}

TEST_F(DoorTest, AWebSocketEndsWithTheRightToIt) {
  bool allowed = true;
  DoorOptions options = options_;
  options.access.is_session = [&](const http::Request&, std::string_view) { return allowed; };
  options.access.cookie = "c";
  Door door(options);
  http::Request request;
  request.method = "GET";
  request.target = "/api/kernels/1/channels";
  request.headers.set("Host", "127.0.0.1");
  request.headers.set("Upgrade", "websocket");
  request.headers.set("Cookie", "c=s3ssion");
  const http::Response opened = door.handle(request);
  ASSERT_EQ(opened.status, 101);
  ASSERT_TRUE(opened.tunnel->goes_on);
  EXPECT_TRUE(opened.tunnel->goes_on());
  allowed = false;
  EXPECT_FALSE(opened.tunnel->goes_on());
}

TEST_F(DoorTest, HasSoManyPlaces) {
  DoorOptions options = options_;
  options.places = 1;
  options.access.cookie = "c";
  Door door(options);
  auto ask = [&](const char* upgrade) {
    http::Request request;
    http::StringBody none("");
    request.method = "GET";
    request.target = "/api/kernels/1/channels";
    request.body = &none;
    request.headers.set("Host", "127.0.0.1");
    request.headers.set("Cookie", "c=s3ssion");
    if (*upgrade != '\0') request.headers.set("Upgrade", upgrade);
    return door.handle(request);
  };
  {
    const http::Response socket = ask("websocket");
    ASSERT_EQ(socket.status, 101);
    EXPECT_EQ(ask("").status, 503);
  }
  EXPECT_EQ(ask("").status, 200);
}

TEST_F(DoorTest, ConsolePagesAreTheDaemons) {
  const http::Response page =
      get("/_trainyard/executions/arn:aws:states:us-east-1:0:execution:m:r");
  EXPECT_THAT(page.body, StartsWith("console /_console/executions/arn%3Aaws%3Astates"));
  EXPECT_THAT(page.body, HasSubstr("X-Amz-Credential=AKIAX"));
  EXPECT_THAT(get("/_trainyard/statemachines/arn:x").body,
              StartsWith("console /_console/statemachines/arn%3Ax?links=relative&X-Amz-"));
  EXPECT_EQ(get("/_trainyard/executions/").status, 400);
  EXPECT_EQ(get("/_trainyard/executions/%zz").status, 400);
}

TEST_F(DoorTest, Drawings) {
  http::Outgoing request = come("/_trainyard/graph");
  EXPECT_EQ(connect().exchange(request).status, 405);
  request.method = "POST";
  request.body = R"({"definition": {"StartAt": "A", "States": {}}})";
  const http::Response answer = connect().exchange(request);
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("<svg"));
  request.body = "nothing";
  const http::Response refused = connect().exchange(request);
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("ValidationException"));
}

TEST_F(DoorTest, WhenNobodyIsBehindIt) {
  behind_.stop(std::chrono::milliseconds(0));
  const http::Response answer = get("/lab");
  EXPECT_EQ(answer.status, 502);
  EXPECT_THAT(answer.body, HasSubstr("No answer"));
}

}  // namespace
}  // namespace trainyard::notebook
