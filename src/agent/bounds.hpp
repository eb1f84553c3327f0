// PURE (but for bounds_of_host): which addresses an instance may reach by our way out. Never this
// host itself nor what is only for it: its loopback, its own addresses, link-local addresses (where
// clouds keep credentials), and what is no single host at all.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "http/channel.hpp"

namespace trainyard::agent {

/// An address of either family: IPv4 as ::ffff:a.b.c.d.
using Ip = std::array<unsigned char, 16>;

Ip ip_of(const http::SocketAddress& address);
/// "203.0.113.5", "2001:db8::1".
std::string to_text(const Ip& ip);

/// Why `ip` is out of bounds ("is a loopback address"), "" when it is not. `own`: this host's
/// addresses. IPv4 addresses within IPv6 ones (mapped, compatible, NAT64, 6to4) count as they are.
std::string out_of_bounds(const Ip& ip, const std::vector<Ip>& own);

/// Why an address is out of bounds, "" when it is not.
using Bounds = std::function<std::string(const Ip& ip)>;
/// By the addresses that this host's interfaces have at the time of the question.
Bounds bounds_of_host();

}  // namespace trainyard::agent
