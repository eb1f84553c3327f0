// Which proxy leads to a host, as the environment's variables tell, and hosts as requests to
// proxies name them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace trainyard::http {

/// A proxy that connections lead through.
struct ForwardProxy {
  std::string host;
  int port = 0;
  std::string authorization;  // the value of Proxy-Authorization, "" for none

  /// "http://[user:password@]host[:port]" or "host:port". SystemError for anything else: a proxy
  /// that is itself reached by TLS is not supported.
  static ForwardProxy parse(const std::string& url);
};

/// Environment variables as an argument; nullopt for what is not set, or empty.
using EnvironmentOf = std::function<std::optional<std::string>(const char* name)>;
/// This process's own.
std::optional<std::string> own_environment(const char* name);

enum class Scheme { http, https };

/// The proxy by which `host` is reached: https_proxy or HTTPS_PROXY (http_proxy or HTTP_PROXY),
/// unless no_proxy or NO_PROXY names the host, a domain above it, or "*". SystemError when the
/// proxy's URL cannot be used.
std::optional<ForwardProxy> forward_proxy(const EnvironmentOf& environment, Scheme scheme,
                                          std::string_view host);

/// Whether `host` is `domain` or stands below it.
bool is_below(std::string_view host, std::string_view domain);

/// "host:port" or "[address]:port" as CONNECT has it: the host in lower case, without brackets and
/// a final dot. False for anything else.
bool split_authority(std::string_view target, std::string& host, int& port);

}  // namespace trainyard::http
