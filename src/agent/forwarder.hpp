// The way from a sandbox to the daemon: http://169.254.170.2 answers the role's credentials and passes
// signed AWS calls on to the attempt's own door. Nothing else.
#pragma once

#include <memory>
#include <string>

#include "agent/daemon_link.hpp"
#include "http/server.hpp"

namespace trainyard::agent {

inline constexpr const char* kCredentialsPath = "/v2/credentials";
inline constexpr int kForwardsMax = 64;  // connections at a time

class Forwarder {
 public:
  /// `token`: what the Authorization header of a request for credentials must be; "" asks for none
  /// (in a network that only the job is in).
  Forwarder(DaemonLink& link, const fs::path& door, std::string token);
  ~Forwarder();

  void listen(Fd listening);
  /// On the host's loopback, for programs without a network of their own. Returns the port.
  int listen_on_loopback();

 private:
  http::Response handle(http::Request& request);
  http::Response credentials(const http::Request& request);
  http::Response forward(http::Request& request);

  DaemonLink& link_;
  const std::string token_;
  http::Pool door_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace trainyard::agent
