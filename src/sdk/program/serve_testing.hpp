// For tests of model servers.
#pragma once

#include <string>

#include "http/client.hpp"

namespace trainyard {

inline http::Response ask(int port, const std::string& method, const std::string& target,
                   const std::string& body = "", const std::string& type = "",
                   const std::string& accept = "") {
  http::Connection connection(http::Address{.host = "127.0.0.1", .port = port}, {});
  http::Outgoing request{.method = method, .target = target, .body = body};
  request.headers.set("Host", "model");
  if (!type.empty()) request.headers.set("Content-Type", type);
  if (!accept.empty()) request.headers.set("Accept", accept);
  return connection.exchange(request);
}

}  // namespace trainyard
