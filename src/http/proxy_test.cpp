// CONNECT: TLS of our own with certificates of our own authority, and tunnels.
#include <fstream>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "base/text.hpp"
#include "http/authority.hpp"
#include "http/http_testing.hpp"
#include "http/tls.hpp"
#include "http/tunnel.hpp"

namespace trainyard::http {
namespace {

const std::vector<std::string> kDomains{"example.test", "other.test"};

class Connect : public HttpTest {
 protected:
  Connect() : authority_(dir_.path() / "ca", kDomains, clock_.now()) {
    ca_file_ = dir_.path() / "ca" / "ca.pem";
  }
  /// CONNECT to names of ours is answered by ourselves, "tunnel:PORT" leads to that port.
  void start_proxy() {
    ServerOptions options;
    options.connect = [this](const Request& request) {
      ConnectAnswer answer;
      if (request.target.starts_with("tunnel:")) {
        int port = std::stoi(request.target.substr(7));
        answer.upstream = open_tunnel("127.0.0.1", port, via_, milliseconds(2000)).socket;
      } else if (request.target.starts_with("no:")) {
        answer.status = 403;
        answer.text = "not here";
      } else {
        answer.identity = authority_.issue({"*.example.test"}, clock_.now());
      }
      return answer;
    };
    start(play, options);
  }
  /// A connection through the proxy to `host`, as a client that trusts `ca_file`.
  Connection through(const std::string& target, const std::string& host) {
    Fd socket = connect_tcp("127.0.0.1", port_, milliseconds(2000));
    std::string ask = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n\r\n";
    EXPECT_EQ(socket_write(socket.get(), ask, {}, milliseconds(2000)).status, IoStatus::ok);
    std::string answer;
    char byte;
    while (!answer.ends_with("\r\n\r\n")) {
      if (socket_read(socket.get(), &byte, 1, milliseconds(3000)).status != IoStatus::ok) break;
      answer += byte;
    }
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
    Address address = Address::parse("https://" + host);
    ClientOptions options;
    options.ca_file = ca_file_;
    return Connection(std::move(socket), address, options);
  }
  std::string failure(const std::string& host) {
    try {
      through("a.example.test:443", host);
      return "";
    } catch (const std::exception& error) {
      return error.what();
    }
  }

  TempDir dir_;
  SystemClock clock_;
  Authority authority_;
  std::string ca_file_;
  std::optional<ForwardProxy> via_;
};

TEST_F(Connect, IsAnsweredByOurselvesOverTls) {
  start_proxy();
  Connection connection = through("a.example.test:443", "a.example.test");
  EXPECT_EQ(connection.exchange(get("/x")).body, "GET /x host=a.example.test");
  // Bodies longer than a record, either way, on the same connection.
  std::string long_body(3'000'000, 'x');
  EXPECT_EQ(connection.exchange(post("/echo", long_body)).body, long_body);
  EXPECT_EQ(connection.exchange(get("/stream")).body.size(), 300'000U);
  EXPECT_EQ(connection.exchange(get("/nothing")).status, 204);
  // No tunnel in a tunnel.
  EXPECT_EQ(connection.exchange({.method = "CONNECT", .target = "no:1"}).status, 405);
}

/// A response that only finish() brings: nothing ever tells that it is there.
class Silent final : public PendingResponse {
 public:
  Progress progress() override { return Progress::waiting; }
  int fd() const override { return never_.get(); }
  int64_t deadline() const override { return INT64_MAX; }
  Response finish() override { return plain("late"); }

 private:
  Fd never_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

TEST_F(Connect, PendingResponsesOverTlsAreWaitedForOnTheThread) {
  ServerOptions options;
  options.quick = [](const Request&) { return true; };
  options.connect = [this](const Request&) {
    return ConnectAnswer{.identity = authority_.issue({"a.example.test"}, clock_.now())};
  };
  bool secure = false;
  start(
      [&](Request& request) {
        secure = request.secure;
        Response response;
        response.pending = std::make_unique<Silent>();
        return response;
      },
      options);
  Connection connection = through("a.example.test:443", "a.example.test");
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(connection.exchange(post("/ask", "hi")).body, "late");
    EXPECT_TRUE(secure);
  }
}

TEST_F(Connect, NamesAndAuthoritiesAreVerified) {
  start_proxy();
  EXPECT_EQ(failure("b.example.test"), "");
  EXPECT_THAT(failure("a.b.example.test"), HasSubstr("hostname mismatch"));
  EXPECT_THAT(failure("a.other.test"), HasSubstr("hostname mismatch"));
  Authority stranger(dir_.path() / "stranger", kDomains, clock_.now());
  ca_file_ = dir_.path() / "stranger" / "ca.pem";
  EXPECT_THAT(failure("a.example.test"), HasSubstr("TLS handshake with a.example.test failed"));
}

TEST_F(Connect, AnAuthoritySignsForItsDomainsOnly) {
  std::shared_ptr<const TlsIdentity> foreign = authority_.issue({"www.bank.test"}, clock_.now());
  ServerOptions options;
  options.connect = [&](const Request&) { return ConnectAnswer{.identity = foreign}; };
  start(play, options);
  EXPECT_THROW(through("x:443", "www.bank.test"), SystemError);
  try {
    through("x:443", "www.bank.test");
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), HasSubstr("permitted subtree violation"));
  }
}

TEST_F(Connect, RefusalsAreResponses) {
  start_proxy();
  EXPECT_THAT(raw("CONNECT no:1 HTTP/1.1\r\nHost: no:1\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 403 not here\r\n"), EndsWith("\r\n\r\nnot here\n")));
  EXPECT_THAT(raw("CONNECT tunnel:1 HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(raw("CONNECT a:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
              StartsWith("HTTP/1.1 400 "));
  start();  // a server that is no proxy
  EXPECT_THAT(raw("CONNECT a.example.test:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 405 "), EndsWith("CONNECT is not served here\n")));
}

TEST_F(Connect, AClientThatIsNoTlsClientIsLetGo) {
  start_proxy();
  RawClient client(port_);
  client.send("CONNECT a.example.test:443 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read_to_end().find("HTTP/1.1"), std::string::npos);
  EXPECT_FALSE(client.try_send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") &&
               client.try_send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
}

TEST_F(Connect, TunnelsCarryBytesUntouched) {
  Server far({}, play);
  int far_port = far.listen_tcp("127.0.0.1", 0);
  start_proxy();
  // The client may send at once what is meant for the far end.
  RawClient client(port_);
  const std::string target = "tunnel:" + std::to_string(far_port);
  client.send("CONNECT " + target +
              " HTTP/1.1\r\nHost: x\r\n\r\nGET /first HTTP/1.1\r\nHost: far\r\n\r\n");
  EXPECT_THAT(client.read_until("host=far"), HasSubstr("GET /first host=far"));
  std::string body(2'000'000, 'y');
  client.send("POST /echo HTTP/1.1\r\nHost: far\r\nContent-Length: 2000000\r\n\r\n" + body);
  EXPECT_THAT(client.read_until(std::string(2'000'000, 'y')), EndsWith(body));
  client.finish_sending();
  client.read_to_end();
  EXPECT_TRUE(client.closed());
  // A tunnel of which nobody takes notice any more ends with the server.
  RawClient idle(port_);
  idle.send("CONNECT " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(idle.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  server_->stop(milliseconds(0));
}

TEST_F(Connect, TunnelsLeadThroughAProxy) {
  Server far({}, play);
  int far_port = far.listen_tcp("127.0.0.1", 0);
  std::mutex mutex;
  std::string last;
  auto seen = [&] {
    std::lock_guard lock(mutex);
    return last;
  };
  ServerOptions options;
  options.connect = [&](const Request& request) {
    std::lock_guard lock(mutex);
    last = request.target + " " + request.headers.get("Proxy-Authorization");
    ConnectAnswer answer;
    answer.status = request.target.starts_with("127.0.0.1:") ? 200 : 407;
    if (answer.status == 200) {
      answer.upstream = connect_tcp("127.0.0.1", far_port, milliseconds(2000));
    } else {
      answer.text = "Not you.";
    }
    return answer;
  };
  Server other(options, play);
  int other_port = other.listen_tcp("127.0.0.1", 0);
  via_ = ForwardProxy::parse("http://us%65r:pass@127.0.0.1:" + std::to_string(other_port));
  start_proxy();
  RawClient client(port_);
  client.send("CONNECT tunnel:" + std::to_string(far_port) + " HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  client.send("GET /y HTTP/1.1\r\nHost: far\r\n\r\n");
  EXPECT_THAT(client.read_until("host=far"), HasSubstr("GET /y host=far"));
  EXPECT_EQ(seen(), "127.0.0.1:" + std::to_string(far_port) + " Basic dXNlcjpwYXNz");
  try {
    open_tunnel("far.test", 443, via_, milliseconds(2000));
    ADD_FAILURE() << "the proxy refuses";
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), HasSubstr("refused with status 407"));
  }
  const Fd asking = connect_tcp("127.0.0.1", other_port, milliseconds(2000));
  const ProxyAnswer answer = ask_proxy(asking, "far.test:443", "", milliseconds(2000));
  EXPECT_EQ(answer.status, 407);
  EXPECT_EQ(answer.text, "Not you.");
  EXPECT_EQ(seen(), "far.test:443 ");
  const Fd deaf = connect_tcp("127.0.0.1", far_port, milliseconds(2000));
  far.stop(milliseconds(0));
  EXPECT_THROW(ask_proxy(deaf, "far.test:443", "", milliseconds(2000)), SystemError);
}

TEST(ForwardProxy, Urls) {
  struct {
    const char* url;
    const char* host;  // nullptr: refused
    int port;
    const char* authorization;
  } rows[] = {{"http://proxy.test:3128", "proxy.test", 3128, ""},
              {"proxy.test:3128", "proxy.test", 3128, ""},
              {"http://proxy.test/", "proxy.test", 80, ""},
              {"HTTP://a:b@[::1]:8080", "::1", 8080, "Basic YTpi"},
              {"https://proxy.test:3128", nullptr, 0, ""},
              {"socks5://proxy.test", nullptr, 0, ""},
              {"http://a%zz@proxy.test", nullptr, 0, ""},
              {"http://:99999", nullptr, 0, ""}};
  for (const auto& row : rows) {
    if (row.host == nullptr) {
      EXPECT_THROW(ForwardProxy::parse(row.url), SystemError) << row.url;
      continue;
    }
    ForwardProxy proxy = ForwardProxy::parse(row.url);
    EXPECT_EQ(proxy.host, row.host) << row.url;
    EXPECT_EQ(proxy.port, row.port) << row.url;
    EXPECT_EQ(proxy.authorization, row.authorization) << row.url;
  }
}

TEST(ForwardProxy, FollowsTheEnvironment) {
  struct {
    std::map<std::string, std::string> variables;
    const char* host;
    const char* proxy;  // "" directly
    Scheme scheme = Scheme::https;
  } rows[] = {
      {{}, "host.test", ""},
      {{{"HTTPS_PROXY", "http://one.test:3128"}}, "host.test", "one.test"},
      {{{"HTTPS_PROXY", "http://one.test:1"}, {"https_proxy", "two.test:2"}}, "host.test",
       "two.test"},
      {{{"HTTPS_PROXY", "http://one.test:1"}, {"NO_PROXY", "corp.test, .host.test"}}, "host.test", ""},
      {{{"HTTPS_PROXY", "http://one.test:1"}, {"NO_PROXY", "corp.test"}}, "a.corp.test", ""},
      {{{"HTTPS_PROXY", "http://one.test:1"}, {"NO_PROXY", "corp.test"}}, "xcorp.test",
       "one.test"},
      {{{"HTTPS_PROXY", "http://one.test:1"}, {"NO_PROXY", "*"}}, "host.test", ""},
      {{{"HTTP_PROXY", "http://one.test:1"}}, "host.test", ""},
      {{{"HTTP_PROXY", "http://one.test:1"}}, "host.test", "one.test", Scheme::http},
      {{{"http_proxy", "http://one.test:1"}, {"no_proxy", "host.test"}}, "host.test", "",
       Scheme::http},
      {{{"HTTPS_PROXY", "http://one.test:1"}}, "host.test", "", Scheme::http},
  };
  for (const auto& row : rows) {
    auto environment = [&](const char* name) -> std::optional<std::string> {
      auto found = row.variables.find(name);
      return found == row.variables.end() ? std::nullopt : std::optional(found->second);
    };
    auto proxy = forward_proxy(environment, row.scheme, row.host);
    EXPECT_EQ(proxy ? proxy->host : "", row.proxy) << row.host;
  }
  auto socks = [](const char*) -> std::optional<std::string> { return "socks5://one.test:1"; };
  EXPECT_THROW(forward_proxy(socks, Scheme::https, "host.test"), SystemError);
}

TEST(Authority, IsKept) {
  TempDir dir;
  ManualClock clock;
  const fs::path folder = dir.path() / "ca";
  const std::string first = Authority(folder, kDomains, clock.now()).certificate_pem();
  struct stat info {};
  ASSERT_EQ(::stat((folder / "key.pem").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(read_file(folder / "ca.pem"), first);
  EXPECT_EQ(Authority(folder, kDomains, clock.now()).certificate_pem(), first);
  // For other domains, when it is about to end, when it is damaged: another one.
  const std::string second = Authority(folder, {"example.test"}, clock.now()).certificate_pem();
  EXPECT_NE(second, first);
  clock.advance(std::chrono::hours(24 * (kAuthorityDays - kCertificateDays + 1)));
  const std::string third = Authority(folder, {"example.test"}, clock.now()).certificate_pem();
  EXPECT_NE(third, second);
  std::ofstream(folder / "key.pem") << "no key";
  const std::string fourth = Authority(folder, {"example.test"}, clock.now()).certificate_pem();
  EXPECT_NE(fourth, third);
  EXPECT_EQ(Authority(folder, {"example.test"}, clock.now()).certificate_pem(), fourth);
  fs::remove(folder / "ca.pem");
  EXPECT_NE(Authority(folder, {"example.test"}, clock.now()).certificate_pem(), fourth);
}

}  // namespace
}  // namespace trainyard::http
