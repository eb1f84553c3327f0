#include "agent/bounds.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include "base/error.hpp"

namespace trainyard::agent {
namespace {

constexpr int kMappedBits = 96;

struct Block {
  const char* prefix;
  int bits;
  const char* what;
};

/// IANA's special-purpose address registries, and where clouds that do not use link-local addresses
/// serve their instances' metadata.
constexpr Block kBlocks[] = {
    {"0.0.0.0", 8, "is not the address of another host"},
    {"127.0.0.0", 8, "is a loopback address"},
    {"169.254.0.0", 16, "is a link-local address"},
    {"224.0.0.0", 4, "is a multicast address"},
    {"240.0.0.0", 4, "is not the address of another host"},
    {"::", 128, "is not the address of another host"},
    {"::1", 128, "is a loopback address"},
    {"fe80::", 10, "is a link-local address"},
    {"fec0::", 10, "is a site-local address"},
    {"ff00::", 8, "is a multicast address"},
    {"100.100.100.200", 32, "is a cloud's metadata service"},
    {"168.63.129.16", 32, "is a cloud's metadata service"},
    {"fd00:ec2::254", 128, "is a cloud's metadata service"},
    {"fd20:ce::254", 128, "is a cloud's metadata service"},
};

Ip mapped(const unsigned char* v4) {
  Ip ip{};
  ip[10] = ip[11] = 0xff;
  std::memcpy(ip.data() + 12, v4, 4);
  return ip;
}

Ip parse(const char* text) {
  Ip ip{};
  unsigned char v4[4];
  if (::inet_pton(AF_INET, text, v4) == 1) return mapped(v4);
  TRAINYARD_ASSERT(::inet_pton(AF_INET6, text, ip.data()) == 1);
  return ip;
}

bool begins_as(const Ip& ip, const Ip& prefix, int bits) {
  const int whole = bits / 8;
  if (std::memcmp(ip.data(), prefix.data(), static_cast<std::size_t>(whole)) != 0) return false;
  if (bits % 8 == 0) return true;
  const auto at = static_cast<std::size_t>(whole);
  const int mask = 0xff << (8 - bits % 8) & 0xff;
  return (ip[at] & mask) == (prefix[at] & mask);
}

bool within(const Ip& ip, const char* prefix, int bits) {
  const bool v4 = std::strchr(prefix, ':') == nullptr;
  return begins_as(ip, parse(prefix), v4 ? kMappedBits + bits : bits);
}

/// RFC 4291 (compatible), RFC 6052 (NAT64), RFC 3056 (6to4).
std::optional<Ip> embedded_v4(const Ip& ip) {
  if (within(ip, "::", kMappedBits) || within(ip, "64:ff9b::", kMappedBits)) {
    return mapped(ip.data() + 12);
  }
  if (within(ip, "2002::", 16)) return mapped(ip.data() + 2);
  return std::nullopt;
}

Ip ip_of(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    return mapped(reinterpret_cast<const unsigned char*>(&v4.sin_addr));
  }
  TRAINYARD_ASSERT(address->sa_family == AF_INET6);
  sockaddr_in6 v6;
  std::memcpy(&v6, address, sizeof v6);
  Ip ip;
  std::memcpy(ip.data(), &v6.sin6_addr, ip.size());
  return ip;
}

std::vector<Ip> own_addresses() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) throw_errno("cannot list this host's addresses");
  std::vector<Ip> own;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    const sockaddr* address = entry->ifa_addr;
    if (address == nullptr) continue;
    if (address->sa_family == AF_INET || address->sa_family == AF_INET6) {
      own.push_back(ip_of(address));
    }
  }
  ::freeifaddrs(first);
  return own;
}

}  // namespace

Ip ip_of(const http::SocketAddress& address) {
  return ip_of(reinterpret_cast<const sockaddr*>(&address.storage));
}

std::string to_text(const Ip& ip) {
  char text[INET6_ADDRSTRLEN] = {};
  const bool v4 = within(ip, "0.0.0.0", 0);
  ::inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? ip.data() + 12 : ip.data(), text, sizeof text);
  return text;
}

std::string out_of_bounds(const Ip& ip, const std::vector<Ip>& own) {
  for (const Block& block : kBlocks) {
    if (within(ip, block.prefix, block.bits)) return block.what;
  }
  if (std::find(own.begin(), own.end(), ip) != own.end()) return "is this host's own";
  const auto v4 = embedded_v4(ip);
  return v4 ? out_of_bounds(*v4, own) : "";
}

Bounds bounds_of_host() {
  return [](const Ip& ip) { return out_of_bounds(ip, own_addresses()); };
}

}  // namespace trainyard::agent
