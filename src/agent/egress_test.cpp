#include "agent/egress.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "compute/egress.hpp"
#include "http/http_testing.hpp"

namespace trainyard::agent {
namespace {

using http::milliseconds;
using http::RawClient;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Ip ip(const char* text) {
  for (const http::SocketAddress& address : http::resolve_tcp(text, 1)) return ip_of(address);
  return {};
}

TEST(Bounds, KeepWhatIsThisHostsOwn) {
  const std::vector<Ip> own{ip("203.0.113.9"), ip("2001:db8::9")};
  const std::pair<const char*, const char*> rows[] = {
      {"203.0.113.5", ""},
      {"10.0.0.1", ""},  // a company's index may be there
      {"192.168.1.1", ""},
      {"2001:db8::5", ""},
      {"fd00::5", ""},
      {"128.0.0.1", ""},
      {"126.255.255.255", ""},
      {"169.253.0.1", ""},
      {"223.255.255.255", ""},
      {"127.0.0.1", "is a loopback address"},
      {"127.9.9.9", "is a loopback address"},
      {"127.1", "is a loopback address"},
      {"0x7f000001", "is a loopback address"},
      {"::1", "is a loopback address"},
      {"::ffff:127.0.0.1", "is a loopback address"},
      {"::127.0.0.1", "is a loopback address"},
      {"64:ff9b::7f00:1", "is a loopback address"},
      {"2002:7f00:1::", "is a loopback address"},
      {"0.0.0.0", "is not the address of another host"},
      {"0.1.2.3", "is not the address of another host"},
      {"::", "is not the address of another host"},
      {"255.255.255.255", "is not the address of another host"},
      {"169.254.169.254", "is a link-local address"},
      {"169.254.170.2", "is a link-local address"},
      {"::ffff:169.254.169.254", "is a link-local address"},
      {"fe80::1", "is a link-local address"},
      {"febf::1", "is a link-local address"},
      {"fec0::1", "is a site-local address"},
      {"224.0.0.1", "is a multicast address"},
      {"ff02::1", "is a multicast address"},
      {"fd00:ec2::254", "is a cloud's metadata service"},
      {"203.0.113.9", "is this host's own"},
      {"2001:db8::9", "is this host's own"},
      {"::ffff:203.0.113.9", "is this host's own"},
      {"64:ff9b::cb00:7109", "is this host's own"},
  };
  for (const auto& [address, reason] : rows) {
    EXPECT_EQ(out_of_bounds(ip(address), own), reason) << address;
  }
  EXPECT_EQ(to_text(ip("127.1")), "127.0.0.1");
  EXPECT_EQ(to_text(ip("2001:db8::5")), "2001:db8::5");
}

TEST(Egress, IsHandedOnWhole) {
  const compute::Egress egress{{{"https_proxy", "http://user:word@one.test:3128"}},
                               {{"PIP_INDEX_URL", "https://index.test/simple"}},
                               {{"/etc/pip.conf", "[global]\nindex-url = \"x\"\n"}}};
  const compute::Egress read = compute::parse_egress(dump(compute::to_json(egress)));
  EXPECT_EQ(read.proxies, egress.proxies);
  EXPECT_EQ(read.environment, egress.environment);
  ASSERT_EQ(read.files.size(), 1u);
  EXPECT_EQ(read.files[0].path, "/etc/pip.conf");
  EXPECT_EQ(read.files[0].text, egress.files[0].text);
  for (const char* text : {"", "[]", "{}", R"({"proxies":{},"environment":{"A":1},"files":{}})"}) {
    EXPECT_THROW(compute::parse_egress(text), SystemError) << text;
  }
}

TEST(Egress, VariablesLeaveTheRequestsOwnAlone) {
  const auto ways = ways_out("http://169.254.170.2:3128", {"algo-1", "algo-2"});
  EXPECT_EQ(ways.at("no_proxy"), "localhost,127.0.0.1,::1,169.254.170.2,algo-1,10.77.0.1,algo-2,"
                                 "10.77.0.2");
  const auto all = in_both_spellings(ways, {});
  for (const char* name : {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"}) {
    EXPECT_EQ(all.at(name), "http://169.254.170.2:3128") << name;
  }
  EXPECT_EQ(all.at("NO_PROXY"), ways.at("no_proxy"));
  const auto fewer = in_both_spellings(ways, {{"HTTPS_PROXY", "mine"}, {"no_proxy", ""}});
  EXPECT_EQ(fewer.size(), 2u);
  EXPECT_TRUE(fewer.contains("http_proxy"));
  EXPECT_TRUE(ways_out_of_host({}).empty());
  EXPECT_EQ(ways_out_of_host({{"https_proxy", "p"}}).at("no_proxy"), "localhost,127.0.0.1,::1");
  EXPECT_EQ(ways_out_of_host({{"https_proxy", "p"}, {"no_proxy", "a"}}).at("no_proxy"),
            "a,localhost,127.0.0.1,::1");
  EXPECT_EQ(ways_out_of_host({{"no_proxy", "*"}}).at("no_proxy"), "*");
}

/// The world has one host, 127.0.0.3, whose server tells what it was sent; all else is out of
/// bounds.
class EgressProxyTest : public testing::Test {
 protected:
  EgressProxyTest()
      : world_(tunnelling(), [this](http::Request& request) { return answer(request); }) {
    world_port_ = world_.listen_tcp("127.0.0.3", 0);
  }
  void start(const std::map<std::string, std::string>& proxies = {}, Bounds bounds = nullptr) {
    start(WaysOut{.internet = compute::Egress{proxies, {}, {}}, .bounds = bounds});
  }
  void start(WaysOut ways) {
    if (!ways.bounds) {
      ways.bounds = [](const Ip& ip) { return to_text(ip) == "127.0.0.3" ? "" : "is elsewhere"; };
    }
    proxy_ = std::make_unique<EgressProxy>(std::move(ways));
    proxy_->listen(http::listen_tcp_socket("127.0.0.1", 0, port_));
  }
  std::string world(const std::string& host = "127.0.0.3") const {
    return host + ":" + std::to_string(world_port_);
  }
  std::string ask(const std::string& request) {
    RawClient client(port_);
    client.send(request);
    return client.read_to_end();
  }
  std::string get(const std::string& target, const std::string& more = "") {
    return ask("GET " + target + " HTTP/1.1\r\nHost: other.test\r\n" + more +
               "Connection: close\r\n\r\n");
  }

 private:
  /// As the daemon's own proxy: CONNECT leads nowhere but back to the world.
  http::ServerOptions tunnelling() {
    http::ServerOptions options;
    options.connect = [this](const http::Request& request) {
      connected_.push_back(request.target + " " + request.headers.get("Proxy-Authorization"));
      http::ConnectAnswer answer;
      answer.upstream = http::connect_tcp("127.0.0.3", world_port_, milliseconds(2000));
      return answer;
    };
    return options;
  }
  http::Response answer(http::Request& request) {
    std::string text = request.method + " " + request.target + "\n";
    for (const auto& [name, value] : request.headers) text += name + "=" + value + "\n";
    return http::text_response(200, text + http::read_all(*request.body, 1000));
  }

 protected:
  std::vector<std::string> connected_;
  int port_ = 0, world_port_ = 0;

 private:
  http::Server world_;
  std::unique_ptr<EgressProxy> proxy_;
};

TEST_F(EgressProxyTest, TunnelsToWhatIsWithinBounds) {
  start();
  RawClient client(port_);
  client.send("CONNECT " + world() + " HTTP/1.1\r\nHost: " + world() + "\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  client.send("GET /x HTTP/1.1\r\nHost: world\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read_to_end(), HasSubstr("GET /x\nHost=world\n"));
}

TEST_F(EgressProxyTest, PassesPlainRequestsOn) {
  start();
  const std::string answer = get("http://" + world() + "/a/b?c=d", "Proxy-Connection: x\r\n"
                                 "X-One: 1\r\nX-Two: 2\r\nConnection: X-Two\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("GET /a/b?c=d\n"));
  EXPECT_THAT(answer, HasSubstr("Host=" + world() + "\n"));
  EXPECT_THAT(answer, HasSubstr("X-One=1\n"));
  EXPECT_THAT(answer, testing::Not(HasSubstr("X-Two=2")));
  EXPECT_THAT(answer, testing::Not(HasSubstr("Proxy-Connection")));
  EXPECT_THAT(ask("POST http://" + world() + " HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
                  "Connection: close\r\n\r\nhello"), testing::EndsWith("hello"));
}

TEST_F(EgressProxyTest, RefusesWhatIsOutOfBounds) {
  start({}, bounds_of_host());
  const std::string port = ":" + std::to_string(world_port_);
  for (const std::string host : {"127.0.0.3", "localhost", "no.such.localhost", "0.0.0.0",
                                 "169.254.169.254", "[::1]", "[::ffff:127.0.0.3]", "2130706435",
                                 "0177.0.0.3"}) {
    const std::string tunnel = ask("CONNECT " + host + port + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(tunnel, StartsWith("HTTP/1.1 403 Instances do not reach ")) << host;
    const std::string plain = get("http://" + host + port + "/");
    EXPECT_THAT(plain, StartsWith("HTTP/1.1 403 ")) << host;
    EXPECT_THAT(plain, HasSubstr(" address")) << host;
  }
}

TEST_F(EgressProxyTest, SaysWhatItDoesNotReach) {
  start();
  EXPECT_THAT(ask("CONNECT no-such-host.invalid:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
              StartsWith("HTTP/1.1 502 No way from this instance's host to "
                         "no-such-host.invalid:443: cannot resolve "));
  int closed = 0;
  http::listen_tcp_socket("127.0.0.3", 0, closed);
  const std::string refused = "127.0.0.3:" + std::to_string(closed);
  EXPECT_THAT(get("http://" + refused + "/"), testing::AllOf(
      StartsWith("HTTP/1.1 502 "), HasSubstr("cannot connect to " + refused + ": Connection")));
  for (const char* target : {"/", "https://host.test/", "http://", "http://a b/", "http://u@h/",
                             "ftp://host.test/"}) {
    EXPECT_THAT(get(target), StartsWith("HTTP/1.1 400 ")) << target;
  }
  EXPECT_THAT(ask("CONNECT host.test HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(EgressProxyTest, GoesByWayOfTheDaemonsProxy) {
  const std::string via = "http://user:word@127.0.0.3:" + std::to_string(world_port_);
  start({{"https_proxy", via}, {"http_proxy", via}, {"no_proxy", "direct.invalid"}});
  // A name that only the proxy knows.
  RawClient client(port_);
  client.send("CONNECT host.invalid:443 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(connected_, ElementsAre("host.invalid:443 Basic dXNlcjp3b3Jk"));
  const std::string plain = get("http://host.invalid:81/x");
  EXPECT_THAT(plain, HasSubstr("GET http://host.invalid:81/x\n"));
  EXPECT_THAT(plain, HasSubstr("Host=host.invalid:81\n"));
  EXPECT_THAT(plain, HasSubstr("Proxy-Authorization=Basic dXNlcjp3b3Jk\n"));
  // What this host knows to be out of bounds, and what goes without the proxy.
  EXPECT_THAT(ask("CONNECT localhost:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
              StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(get("http://localhost/"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(ask("CONNECT direct.invalid:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
              StartsWith("HTTP/1.1 502 "));
  EXPECT_EQ(connected_.size(), 1u);
}

/// The attempt's door: two names are the daemon's, the rest is the world's.
class EgressByNameTest : public EgressProxyTest {
 protected:
  EgressByNameTest() : daemon_(answering(), [](http::Request& request) {
    return http::text_response(200, "the daemon " + request.target);
  }) {
    daemon_.listen_unix(door(), 0600);
  }
  fs::path door() const { return folder_.path() / "door.sock"; }
  std::string tunnel(const std::string& name) {
    RawClient client(port_);
    client.send("CONNECT " + name + " HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string head = client.read_until("\r\n\r\n");
    if (!head.starts_with("HTTP/1.1 200 ")) return head;
    client.send("GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    return client.read_to_end();
  }

 private:
  http::ServerOptions answering() {
    http::ServerOptions options;
    options.connect = [this](const http::Request& request) {
      http::ConnectAnswer answer;
      if (request.target == "aws.test:443") {
        answer.upstream = http::connect_unix(door());
      } else if (request.target == "aws.test:80") {
        answer.status = 403;
        answer.text = "On port 443 only.";
      } else {
        answer.status = http::kMisdirected;
      }
      return answer;
    };
    return options;
  }

  TempDir folder_;
  http::Server daemon_;
};

TEST_F(EgressByNameTest, TheDaemonIsAskedFirst) {
  start(WaysOut{.internet = compute::Egress{}, .daemon = door(), .bounds = nullptr});
  EXPECT_THAT(tunnel("aws.test:443"), HasSubstr("the daemon /x"));
  EXPECT_THAT(tunnel(world()), HasSubstr("GET /x\nHost=h\n"));
  // What the daemon says of its own names holds.
  EXPECT_THAT(tunnel("aws.test:80"), StartsWith("HTTP/1.1 403 On port 443 only."));
  EXPECT_THAT(get("http://" + world() + "/y"), HasSubstr("GET /y\n"));
}

TEST_F(EgressByNameTest, OnlyTheDaemonIsReachedWhenTheInternetIsClosed) {
  start(WaysOut{.daemon = door(), .bounds = nullptr});
  EXPECT_THAT(tunnel("aws.test:443"), HasSubstr("the daemon /x"));
  const std::string refusal = "HTTP/1.1 403 This instance does not reach " + world() +
                              ": it has no way into the internet.";
  EXPECT_THAT(tunnel(world()), StartsWith(refusal));
  const std::string plain = get("http://" + world() + "/y");
  EXPECT_THAT(plain, StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(plain, HasSubstr("no way into the internet"));
}

TEST_F(EgressByNameTest, NothingIsGuessedWhileTheDaemonIsAway) {
  const fs::path gone = door().string() + ".gone";
  start(WaysOut{.internet = compute::Egress{}, .daemon = gone, .bounds = nullptr});
  EXPECT_THAT(tunnel(world()), StartsWith("HTTP/1.1 502 No way from this instance's host to " +
                                          world() + ": the daemon, which tells whose name it is"));
}

}  // namespace
}  // namespace trainyard::agent
