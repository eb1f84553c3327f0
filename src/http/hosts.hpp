// Names of hosts as they stand in requests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace trainyard::http {

/// "127.0.0.1:4566" → "127.0.0.1"; "[::1]:4566" → "::1"; a name alone stays.
std::string host_name(std::string_view header);

/// The address in a request's `peer`: "" for "unix", which has none.
std::string peer_address(const std::string& peer);

/// The host as it stands in URLs and Host fields: an IPv6 address in brackets.
std::string bracketed(const std::string& host);

/// "localhost", ::1 and 127.0.0.0/8 (also as ::ffff:127.0.0.1), as addresses: a name like
/// 127.evil.example is anybody's.
bool is_loopback(const std::string& name);

/// Whether a Host field names this machine: by a loopback name, or by one of `also`. A page of
/// another site must not reach us through a name of its own that resolves to us (DNS rebinding).
bool is_known_host(std::string_view header, const std::vector<std::string>& also);

}  // namespace trainyard::http
