// The console's page: what the build has made of `console/`, carried by the program.
#pragma once

#include <span>
#include <string_view>

#include "http/message.hpp"
#include "server/parts.hpp"

namespace trainyard::server::console {

/// One file of the page, as the build has packed it.
struct Asset {
  std::string_view name;  // "index.html", "assets/index-3f9c1a.js"
  std::string_view type;  // of its content
  std::string_view gzip;
};

/// Generated (cmake/TrainyardConsole.cmake). Empty in builds without the page.
std::span<const Asset> assets();

/// index.html with a nonce of its own, and the policy that holds for it.
http::Response shell(Random& random);

/// A file below `assets/`, whose name changes with its content: packed for those who take that.
http::Response asset(const http::Request& request, std::string_view name);

/// Whether an Accept-Encoding field takes gzip.
bool takes_gzip(std::string_view accepted);

}  // namespace trainyard::server::console
