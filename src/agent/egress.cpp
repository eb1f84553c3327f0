#include "agent/egress.hpp"

#include <fmt/format.h>

#include "agent/relay.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "compute/network.hpp"
#include "http/channel.hpp"
#include "http/hosts.hpp"

namespace trainyard::agent {
namespace {

constexpr std::chrono::milliseconds kConnectTimeout{10'000};  // for each of a name's addresses
constexpr std::chrono::milliseconds kStopGrace{0};
constexpr std::string_view kHttpScheme = "http://";
constexpr int kHttpPort = 80;
constexpr int kHttpsPort = 443;
constexpr int kRefused = 403;
constexpr int kUnreachable = 502;
constexpr const char* kLoopback = "localhost,127.0.0.1,::1";

using Variables = std::map<std::string, std::string>;

std::string unreachable(const std::string& name, const char* why) {
  log_info("no way to {}: {}", name, why);
  return fmt::format("No way from this instance's host to {}: {}.", name, why);
}

/// "http://host[:port]/path" in its parts; false for anything else.
bool split_absolute(const std::string& target, std::string& host, int& port, std::string& path) {
  if (!iequals(std::string_view(target).substr(0, kHttpScheme.size()), kHttpScheme)) return false;
  const std::size_t end = std::min(target.find_first_of("/?", kHttpScheme.size()), target.size());
  std::string authority = target.substr(kHttpScheme.size(), end - kHttpScheme.size());
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string::npos || authority.ends_with(']')) {
    authority += ":" + std::to_string(kHttpPort);
  }
  path = target.substr(end);
  if (!path.starts_with('/')) path.insert(0, "/");
  return http::split_authority(authority, host, port);
}

}  // namespace

/// Where a request is to go.
struct EgressProxy::Destination {
  std::string host;
  int port = 0;
  std::string name() const { return host + ":" + std::to_string(port); }
};

EgressProxy::EgressProxy(WaysOut ways) : ways_(std::move(ways)) {
  http::ServerOptions options;
  options.connections_max = kEgressConnectionsMax;
  options.connect = [this](const http::Request& request) { return connect(request); };
  server_ = std::make_unique<http::Server>(
      options, [this](http::Request& request) { return handle(request); });
}

EgressProxy::~EgressProxy() { server_->stop(kStopGrace); }

void EgressProxy::listen(Fd listening) { server_->listen_fd(std::move(listening)); }

std::optional<http::ForwardProxy> EgressProxy::via(http::Scheme scheme,
                                                   const std::string& host) const {
  auto of_daemon = [this](const char* name) -> std::optional<std::string> {
    auto found = ways_.internet->proxies.find(name);
    return found == ways_.internet->proxies.end() ? std::nullopt : std::optional(found->second);
  };
  return http::forward_proxy(of_daemon, scheme, host);
}

/// Those of the host's addresses that are within bounds. ApiError 403 when it has only others.
std::vector<http::SocketAddress> EgressProxy::within_bounds(const Destination& to) const {
  std::vector<http::SocketAddress> allowed;
  std::string why;
  // Whatever a resolver says of these names, or another proxy (RFC 6761, section 6.3).
  if (http::is_below(to.host, "localhost")) {
    throw ApiError("EgressRefused", kRefused,
                   fmt::format("Instances do not reach {}: it is a loopback address.", to.name()));
  }
  for (const http::SocketAddress& address : http::resolve_tcp(to.host, to.port)) {
    const Ip ip = ip_of(address);
    const std::string reason = ways_.bounds(ip);
    if (reason.empty()) {
      allowed.push_back(address);
    } else {
      why = fmt::format("{} {}", to_text(ip), reason);
    }
  }
  if (allowed.empty()) {
    throw ApiError("EgressRefused", kRefused,
                   fmt::format("Instances do not reach {}: {}.", to.name(), why));
  }
  return allowed;
}

/// Before a proxy is asked, which looks names up by itself: those that only it knows are for it to
/// judge.
void EgressProxy::check_as_far_as_known(const Destination& to) const {
  try {
    within_bounds(to);
  } catch (const SystemError& error) {
    log_debug("left to the proxy: {}", error.what());
  }
}

/// To exactly an address that has been looked at: a name looked up twice may have two answers.
Fd EgressProxy::connect_directly(const Destination& to) const {
  return http::connect_first(within_bounds(to), to.name(), kConnectTimeout);
}

/// Whether a name is the daemon's, which answers for it over TLS alone.
bool EgressProxy::is_daemons(const Destination& to) const {
  http::ConnectAnswer answer;
  return to_daemon({to.host, kHttpsPort}, answer);
}

/// False when the name is not the daemon's. Without an answer nobody knows whose it is: the
/// connection fails, since AWS's real hosts would get what is meant for the daemon.
bool EgressProxy::to_daemon(const Destination& to, http::ConnectAnswer& answer) const {
  if (ways_.daemon.empty()) return false;
  Fd socket;
  http::ProxyAnswer word;
  try {
    socket = http::connect_unix(ways_.daemon);
    word = http::ask_proxy(socket, http::bracketed(to.host) + ":" + std::to_string(to.port), "",
                           kConnectTimeout);
  } catch (const SystemError& error) {
    log_info("the daemon does not answer CONNECT: {}", error.what());
    throw SystemError("the daemon, which tells whose name it is, is away for now");
  }
  if (word.status == http::kMisdirected) return false;
  answer.status = word.status;
  answer.text = std::move(word.text);
  answer.early = std::move(word.early);
  answer.upstream = std::move(socket);
  return true;
}

void EgressProxy::to_internet(const Destination& to, http::ConnectAnswer& answer) const {
  check_open(to);
  const auto proxy = via(http::Scheme::https, to.host);
  if (!proxy) {
    answer.upstream = connect_directly(to);
    return;
  }
  check_as_far_as_known(to);
  http::Tunnel tunnel = http::open_tunnel(to.host, to.port, proxy, kConnectTimeout);
  answer.upstream = std::move(tunnel.socket);
  answer.early = std::move(tunnel.early);
}

/// ApiError 403 when nothing of the internet is to be reached.
void EgressProxy::check_open(const Destination& to) const {
  if (ways_.internet) return;
  throw ApiError("EgressRefused", kRefused,
                 fmt::format("This instance does not reach {}: it has no way into the internet.",
                             to.name()));
}

http::ConnectAnswer EgressProxy::connect(const http::Request& request) {
  Destination to;
  http::ConnectAnswer answer;
  if (!http::split_authority(request.target, to.host, to.port)) {
    answer.status = 400;
    answer.text = "CONNECT wants HOST:PORT.";
    return answer;
  }
  try {
    if (!to_daemon(to, answer)) to_internet(to, answer);
  } catch (const ApiError& refusal) {
    answer.status = refusal.http_status();
    answer.text = refusal.message();
  } catch (const SystemError& error) {
    answer.status = kUnreachable;
    answer.text = unreachable(to.name(), error.what());
  }
  return answer;
}

http::Response EgressProxy::handle(http::Request& request) {
  try {
    return exchange(request);
  } catch (const ApiError& refusal) {
    return http::text_response(refusal.http_status(), refusal.message() + "\n");
  }
}

/// An AWS call without TLS, as the daemon takes them at its own port.
http::Response EgressProxy::by_daemon(http::Request& request, const std::string& path,
                                      const http::Address& named) {
  if (path.starts_with("/_")) throw ApiError("NoSuchPath", 404, "no such path");
  http::Outgoing outgoing = passed_on(request, path);
  outgoing.headers.set("Host", named.host_header());
  http::Connection connection(http::Address::parse("unix:" + ways_.daemon.string()), {});
  return passed_back(request, connection.exchange_streaming(outgoing));
}

http::Response EgressProxy::exchange(http::Request& request) {
  Destination to;
  std::string path;
  if (!split_absolute(request.target, to.host, to.port, path)) {
    return http::text_response(400, "This is a proxy: http://HOST/PATH, or CONNECT HOST:PORT.\n");
  }
  http::Address address;
  address.host = to.host;
  address.port = to.port;
  http::ClientOptions options;
  options.connect_timeout = kConnectTimeout;
  try {
    if (is_daemons(to)) return by_daemon(request, path, address);
    check_open(to);
    const auto proxy = via(http::Scheme::http, to.host);
    http::Outgoing outgoing = passed_on(request, proxy ? request.target : path);
    outgoing.headers.set("Host", address.host_header());
    if (!proxy) {
      http::Connection connection(connect_directly(to), address, options);
      return passed_back(request, connection.exchange_streaming(outgoing));
    }
    check_as_far_as_known(to);
    if (!proxy->authorization.empty()) {
      outgoing.headers.set("Proxy-Authorization", proxy->authorization);
    }
    Fd socket = http::connect_tcp(proxy->host, proxy->port, kConnectTimeout);
    http::Connection connection(std::move(socket), address, options);
    return passed_back(request, connection.exchange_streaming(outgoing));
  } catch (const SystemError& error) {
    return http::text_response(kUnreachable, unreachable(to.name(), error.what()) + "\n");
  } catch (const http::TransportError& error) {
    return http::text_response(kUnreachable, unreachable(to.name(), error.what()) + "\n");
  }
}

Variables ways_out(const std::string& url, const std::vector<std::string>& hosts) {
  std::string direct = fmt::format("{},{}", kLoopback, compute::kDoorAddress);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    direct += "," + hosts[i] + "," + compute::host_address(i);
  }
  return {{"https_proxy", url}, {"http_proxy", url}, {"no_proxy", direct}};
}

Variables ways_out_of_host(Variables proxies) {
  if (proxies.empty()) return proxies;
  std::string& direct = proxies["no_proxy"];
  if (direct != "*") direct += (direct.empty() ? "" : ",") + std::string(kLoopback);
  return proxies;
}

Variables in_both_spellings(const Variables& variables, const Variables& given) {
  Variables both;
  for (const auto& [name, value] : variables) {
    if (given.contains(name) || given.contains(to_upper(name))) continue;
    both[name] = both[to_upper(name)] = value;
  }
  return both;
}

}  // namespace trainyard::agent
