#include "http/forward_proxy.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <arpa/inet.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "http/client.hpp"

namespace trainyard::http {
namespace {

constexpr std::size_t kHostBytesMax = 253;  // RFC 1035

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= kHostBytesMax && host.front() != '.' &&
         host.find("..") == std::string_view::npos &&
         std::all_of(host.begin(), host.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

ForwardProxy ForwardProxy::parse(const std::string& url) {
  std::string rest = url;
  auto scheme = rest.find("://");
  if (scheme != std::string::npos) {
    if (to_lower(rest.substr(0, scheme)) != "http") {
      throw SystemError("a proxy must be reached by http://, not by " + url.substr(0, scheme));
    }
    rest.erase(0, scheme + 3);
  }
  rest = rest.substr(0, rest.find('/'));
  ForwardProxy proxy;
  if (auto at = rest.rfind('@'); at != std::string::npos) {
    auto user = percent_decode(rest.substr(0, at));
    if (!user) throw SystemError("the proxy's user cannot be read");
    proxy.authorization = "Basic " + base64(*user);
    rest.erase(0, at + 1);
  }
  Address address = Address::parse("http://" + rest);
  proxy.host = address.host;
  proxy.port = address.port;
  return proxy;
}

std::optional<std::string> own_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

std::optional<ForwardProxy> forward_proxy(const EnvironmentOf& environment, Scheme scheme,
                                          std::string_view host) {
  auto first = [&](const char* a, const char* b) {
    auto value = environment(a);
    return value ? value : environment(b);
  };
  auto url = scheme == Scheme::https ? first("https_proxy", "HTTPS_PROXY")
                                     : first("http_proxy", "HTTP_PROXY");
  if (!url) return std::nullopt;
  for (const std::string& part : split(first("no_proxy", "NO_PROXY").value_or(""), ',')) {
    std::string name = to_lower(trim(part));
    if (name == "*") return std::nullopt;
    while (name.starts_with('.')) name.erase(0, 1);
    if (!name.empty() && is_below(host, name)) return std::nullopt;
  }
  return ForwardProxy::parse(*url);
}

bool is_below(std::string_view host, std::string_view domain) {
  return host == domain || (host.size() > domain.size() && host.ends_with(domain) &&
                            host[host.size() - domain.size() - 1] == '.');
}

bool split_authority(std::string_view target, std::string& host, int& port) {
  auto colon = target.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == target.size()) return false;
  port = 0;
  for (char c : target.substr(colon + 1)) {
    if (c < '0' || c > '9' || port > 65'535) return false;
    port = port * 10 + (c - '0');
  }
  std::string_view name = target.substr(0, colon);
  const bool bracketed = name.starts_with('[') && name.ends_with(']');
  if (bracketed) name = name.substr(1, name.size() - 2);
  host = to_lower(name);
  if (host.ends_with('.')) host.pop_back();
  in6_addr address{};
  bool named = bracketed ? ::inet_pton(AF_INET6, host.c_str(), &address) == 1 : is_host(host);
  return named && port > 0 && port <= 65'535;
}

}  // namespace trainyard::http
