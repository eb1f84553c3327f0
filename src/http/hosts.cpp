#include "http/hosts.hpp"

#include <algorithm>

#include <arpa/inet.h>

#include "base/text.hpp"

namespace trainyard::http {

std::string host_name(std::string_view header) {
  if (header.starts_with('[')) return std::string(header.substr(1, header.find(']') - 1));
  return std::string(header.substr(0, header.find(':')));
}

std::string peer_address(const std::string& peer) {
  return peer.find(':') == std::string::npos ? "" : host_name(peer);
}

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

bool is_loopback(const std::string& name) {
  in_addr v4{};
  if (inet_pton(AF_INET, name.c_str(), &v4) == 1) {
    return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, name.c_str(), &v6) == 1) {
    return IN6_IS_ADDR_LOOPBACK(&v6) ||
           (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == IN_LOOPBACKNET);
  }
  return name == "localhost";
}

bool is_known_host(std::string_view header, const std::vector<std::string>& also) {
  const std::string name = to_lower(host_name(header));
  return is_loopback(name) || std::any_of(also.begin(), also.end(), [&](const std::string& host) {
           return iequals(host, name);
         });
}

}  // namespace trainyard::http
