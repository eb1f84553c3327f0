// Tunnels of CONNECT: how one is opened towards its end, and the bytes in it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/files.hpp"
#include "http/forward_proxy.hpp"

namespace trainyard::http {

struct Tunnel {
  Fd socket;
  std::string early;  // what came behind the proxy's answer
  /// When set, asked every kAskEvery, from the thread that carries the bytes: the tunnel ends when
  /// it says no. Throws nothing.
  std::function<bool()> goes_on = nullptr;
};
inline constexpr std::chrono::seconds kAskEvery{5};

/// Misdirected Request (RFC 9110, section 15.5.20): what an attempt's door says to CONNECT for a
/// name that is not the daemon's to answer.
inline constexpr int kMisdirected = 421;

/// What a proxy, connected to by `socket`, says to CONNECT `authority` (HOST:PORT).
struct ProxyAnswer {
  int status = 0;
  std::string text;   // of a refusal: the first line of its body
  std::string early;  // otherwise: what came behind the answer
};

/// Asks it. `authorization`: the value of Proxy-Authorization, "" for none. SystemError when there
/// is no answer within `timeout`.
ProxyAnswer ask_proxy(const Fd& socket, const std::string& authority,
                      const std::string& authorization, std::chrono::milliseconds timeout);

/// A connection to `host`:`port`, by way of `via` when there is one. SystemError with the reason:
/// no such name, no answer, or what the proxy said.
Tunnel open_tunnel(const std::string& host, int port, const std::optional<ForwardProxy>& via,
                   std::chrono::milliseconds timeout);

/// Carries bytes both ways, `early` first to `upstream`, until both sides have ended theirs, one
/// breaks off, `client` is shut down by another thread, nothing moves for `idle`, or `goes_on` (see
/// Tunnel) says no.
void relay(int client, int upstream, std::string_view early,
           const std::function<bool()>& goes_on = nullptr,
           std::chrono::milliseconds idle = std::chrono::minutes(10));

}  // namespace trainyard::http
