#include "notebook/access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notebook/passage.hpp"

namespace trainyard::notebook {
namespace {

using Way = Verdict::Way;

Access access() {
  Access access = fixed_access("t0ken", "s3ssion", {"lab.example"});
  access.cookie = "trainyard-notebook-80";
  access.hint = "Open the link.";
  return access;
}

http::Request request(const std::string& method, const std::string& target,
                      std::initializer_list<http::Headers::Field> fields) {
  http::Request request;
  request.method = method;
  request.target = target;
  request.headers.set("Host", "127.0.0.1:80");
  for (const auto& [name, value] : fields) request.headers.set(name, value);
  return request;
}

const http::Headers::Field kCookie{"Cookie", "_xsrf=1; trainyard-notebook-80=s3ssion"};
const http::Headers::Field kPage{"Accept", "text/html,*/*"};

TEST(Access, WhoComesIn) {
  const struct {
    const char* what;
    http::Request request;
    Way way;
    int status;  // of a refusal
  } rows[] = {
      {"nobody", request("GET", "/lab", {}), Way::refuse, 403},
      {"the cookie", request("GET", "/lab", {kCookie}), Way::pass, 0},
      {"a neighbour's cookie before it",
       request("GET", "/lab",
               {{"Cookie", "trainyard-notebook-80=x; trainyard-notebook-80=s3ssion"}}),
       Way::pass, 0},
      {"another port's cookie",
       request("GET", "/lab", {{"Cookie", "trainyard-notebook-81=s3ssion"}}), Way::refuse, 403},
      {"a wrong cookie", request("GET", "/lab", {{"Cookie", "trainyard-notebook-80=s3ssio"}}),
       Way::refuse, 403},
      {"the link", request("GET", "/?token=t0ken", {kPage}), Way::enter, 0},
      {"a wrong link", request("GET", "/?token=t0ke", {kPage}), Way::refuse, 403},
      {"an empty one", request("GET", "/?token=", {kPage}), Way::refuse, 403},
      {"a program's token", request("GET", "/api/kernels?token=t0ken", {}), Way::pass, 0},
      {"a program's POST", request("POST", "/api/kernels?token=t0ken", {kPage}), Way::pass, 0},
      {"a header", request("GET", "/api", {{"Authorization", "Token t0ken"}}), Way::pass, 0},
      {"a wrong header", request("GET", "/api", {{"Authorization", "token x"}}), Way::refuse, 403},
      {"an odd method", request("TRACE", "/", {kCookie}), Way::refuse, 405},
      {"another host's path", request("GET", "//evil.example/?token=t0ken", {kPage}), Way::refuse,
       400},
      {"a proxy's target", request("GET", "http://127.0.0.1/", {kCookie}), Way::refuse, 400},
  };
  for (const auto& row : rows) {
    const Verdict verdict = judge(row.request, access());
    EXPECT_EQ(verdict.way, row.way) << row.what;
    if (row.way == Way::refuse) {
      EXPECT_EQ(verdict.status, row.status) << row.what;
      EXPECT_FALSE(verdict.why.empty()) << row.what;
    }
  }
}

TEST(Access, OtherSitesAreKeptOut) {
  const http::Headers::Field navigate{"Sec-Fetch-Mode", "navigate"};
  const http::Headers::Field document{"Sec-Fetch-Dest", "document"};
  const struct {
    const char* what;
    http::Request request;
    bool passes;
  } rows[] = {
      {"our page", request("POST", "/api", {kCookie, {"Origin", "http://127.0.0.1:80"},
                                            {"Sec-Fetch-Site", "same-origin"}}), true},
      {"ours behind TLS", request("POST", "/api", {kCookie, {"Origin", "https://127.0.0.1:80"}}),
       true},
      {"another port", request("POST", "/api", {kCookie, {"Origin", "http://127.0.0.1:81"}}),
       false},
      {"a sandbox", request("POST", "/api", {kCookie, {"Origin", "null"}}), false},
      {"a socket", request("GET", "/api/kernels/1/channels", {kCookie, {"Upgrade", "websocket"},
                                                              {"Origin", "http://evil.example"}}),
       false},
      {"a site's image", request("GET", "/api", {kCookie, {"Sec-Fetch-Site", "same-site"},
                                                 {"Sec-Fetch-Mode", "no-cors"}}), false},
      {"a site's frame", request("GET", "/lab", {kCookie, {"Sec-Fetch-Site", "cross-site"},
                                                 navigate, {"Sec-Fetch-Dest", "iframe"}}), false},
      {"a site's form", request("POST", "/lab", {kCookie, {"Sec-Fetch-Site", "cross-site"},
                                                 navigate, document}), false},
      {"a link", request("GET", "/lab", {kCookie, {"Sec-Fetch-Site", "cross-site"}, navigate,
                                         document}), true},
      {"typed in", request("GET", "/lab", {kCookie, {"Sec-Fetch-Site", "none"}, navigate}), true},
      {"a rebound name", request("GET", "/lab", {kCookie, {"Host", "evil.example"}}), false},
      {"a loopback-like name", request("GET", "/lab", {kCookie, {"Host", "127.evil.example:80"}}),
       false},
      {"a name of ours", request("GET", "/lab", {kCookie, {"Host", "LAB.example:80"}}), true},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(judge(row.request, access()).way, row.passes ? Way::pass : Way::refuse) << row.what;
  }
}

TEST(Access, Cookies) {
  using ::testing::ElementsAre;
  using ::testing::IsEmpty;
  EXPECT_THAT(cookie_values("a=1; b=2;c= 3 ", "b"), ElementsAre("2"));
  EXPECT_THAT(cookie_values("a=1; b=2;c= 3 ", "c"), ElementsAre("3"));
  EXPECT_THAT(cookie_values("b=x; a=1; b=2", "b"), ElementsAre("x", "2"));
  EXPECT_THAT(cookie_values("ab=1", "b"), IsEmpty());
  EXPECT_THAT(cookie_values("b", "b"), IsEmpty());
  EXPECT_EQ(without_cookie("a=1; b=2; c=3", "b"), "a=1; c=3");
  EXPECT_EQ(without_cookie("b=2", "b"), "");
}

TEST(Access, Targets) {
  EXPECT_EQ(without_token("/lab?token=1", "token"), "/lab");
  EXPECT_EQ(without_token("/lab?a=1&token=1&b=x%20y", "token"), "/lab?a=1&b=x%20y");
  EXPECT_EQ(without_token("/lab?tokens=1", "token"), "/lab?tokens=1");
  EXPECT_EQ(without_token("/lab", "token"), "/lab");
}

TEST(Passage, WhatEndsAtTheDoor) {
  http::Request from = request(
      "GET", "/api?token=t0ken&x=1",
      {kCookie, {"Authorization", "token t0ken"}, {"Connection", "keep-alive, X-Own"},
       {"X-Own", "1"}, {"Upgrade", "h2c"}, {"Accept-Encoding", "gzip"}, {"Accept", "a/b"}});
  const http::Outgoing onward = outgoing(from, "jupyters", access());
  EXPECT_EQ(onward.target, "/api?x=1");
  EXPECT_EQ(onward.headers.all("Authorization"), std::vector<std::string>{"token jupyters"});
  EXPECT_EQ(onward.headers.get("Cookie"), "_xsrf=1");
  EXPECT_EQ(onward.headers.get("Accept"), "a/b");
  EXPECT_EQ(onward.headers.get("Host"), "127.0.0.1:80");
  for (const char* name : {"Connection", "X-Own", "Upgrade", "Accept-Encoding"}) {
    EXPECT_FALSE(onward.headers.has(name)) << name;
  }
  EXPECT_FALSE(onward.upgrade);
}

TEST(Passage, WebSocketsAreAskedFor) {
  http::Request from = request("GET", "/api/kernels/1/channels",
                               {{"Connection", "Upgrade"}, {"Upgrade", "WebSocket"},
                                {"Sec-WebSocket-Key", "k"}});
  const http::Outgoing onward = outgoing(from, "jupyters", access());
  EXPECT_TRUE(onward.upgrade);
  EXPECT_EQ(onward.headers.get("Upgrade"), "websocket");
  EXPECT_EQ(onward.headers.get("Sec-WebSocket-Key"), "k");
  from.method = "POST";
  EXPECT_FALSE(outgoing(from, "jupyters", access()).upgrade);
}

}  // namespace
}  // namespace trainyard::notebook
