// The door as a server of its own, for the user's Jupyter on this machine.
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "client/config.hpp"
#include "http/server.hpp"
#include "notebook/door.hpp"

namespace trainyard::notebook {

/// The daemon's pages by links that are presigned in the name of `daemon`'s credentials: the
/// browser need not reach the daemon, and has no keys.
ConsolePage presigned_pages(client::Config daemon, Clock& clock);

class DoorServer {
 public:
  /// Listens; port 0 picks a free one. SystemError when the port is taken. The cookie is named
  /// after the port.
  DoorServer(DoorOptions options, const std::string& host, int port);

  int port() const { return port_; }
  /// Lets running requests finish; tunnels end at once.
  void stop() { server_.stop(std::chrono::milliseconds(0)); }

 private:
  std::optional<Door> door_;
  int port_ = 0;
  http::Server server_;  // last: it stops before what its handlers use
};

}  // namespace trainyard::notebook
