// The way out of an instance into the internet: an HTTP proxy on 169.254.170.2, where nothing else
// leads out of the instance's network. It connects from this host's network, by way of the daemon's
// own proxy if it has one, and never to what is this host's own (agent/bounds). A notebook's proxy
// leads to the daemon by AWS's names, too.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/bounds.hpp"
#include "compute/egress.hpp"
#include "http/client.hpp"
#include "http/forward_proxy.hpp"
#include "http/server.hpp"
#include "http/tunnel.hpp"

namespace trainyard::agent {

inline constexpr int kEgressPort = 3128;
/// Connections of one instance at a time; more are told 503.
inline constexpr int kEgressConnectionsMax = 128;

struct WaysOut {
  std::optional<compute::Egress> internet = std::nullopt;  // closed without it
  /// The attempt's own door, which is asked first: it answers CONNECT for the names that are the
  /// daemon's, and refuses all others with http::kMisdirected. "": nobody is asked.
  fs::path daemon = {};
  Bounds bounds = bounds_of_host();
};

class EgressProxy {
 public:
  explicit EgressProxy(WaysOut ways);
  ~EgressProxy();

  void listen(Fd listening);

 private:
  http::ConnectAnswer connect(const http::Request& request);
  http::Response handle(http::Request& request);
  http::Response exchange(http::Request& request);
  struct Destination;
  http::Response by_daemon(http::Request& request, const std::string& path,
                           const http::Address& named);
  bool is_daemons(const Destination& to) const;
  bool to_daemon(const Destination& to, http::ConnectAnswer& answer) const;
  void to_internet(const Destination& to, http::ConnectAnswer& answer) const;
  void check_open(const Destination& to) const;
  std::optional<http::ForwardProxy> via(http::Scheme scheme, const std::string& host) const;
  std::vector<http::SocketAddress> within_bounds(const Destination& to) const;
  void check_as_far_as_known(const Destination& to) const;
  Fd connect_directly(const Destination& to) const;

  const WaysOut ways_;
  std::unique_ptr<http::Server> server_;
};

/// The variables (https_proxy, http_proxy, no_proxy) that lead a program of an attempt with these
/// hosts to the proxy at `url`. What is the attempt's own is reached without it.
std::map<std::string, std::string> ways_out(const std::string& url,
                                            const std::vector<std::string>& hosts);
/// The same for a program in the host's network: `proxies`, the daemon's own, but not to loopback.
std::map<std::string, std::string> ways_out_of_host(std::map<std::string, std::string> proxies);

/// Such variables in both spellings, without those that the request itself sets (`given`) in
/// either: programs differ in which one they prefer, and the other would hide it.
std::map<std::string, std::string> in_both_spellings(
    const std::map<std::string, std::string>& variables,
    const std::map<std::string, std::string>& given);

}  // namespace trainyard::agent
