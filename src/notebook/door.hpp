// The front door of a notebook server: an HTTP server that asks who comes, answers what the Step
// Functions SDK's outputs ask AWS for, and passes everything else on to Jupyter.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "client/config.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "notebook/access.hpp"

namespace trainyard::notebook {

struct DoorOptions {
  http::Address jupyter;
  std::string jupyter_token;  // goes with every request, in place of ours
  /// The daemon, and in whose name executions are shown: links show what the notebook may see.
  client::Config daemon;
  std::string token;               // of the link
  std::string session;             // of the cookie
  std::vector<std::string> hosts;  // names of this machine beside the loopback ones
};

class Door {
 public:
  /// Listens; port 0 picks a free one. SystemError when the port is taken.
  Door(DoorOptions options, const std::string& host, int port, Clock& clock);

  int port() const { return port_; }
  /// Lets running requests finish; tunnels end at once.
  void stop() { server_.stop(std::chrono::milliseconds(0)); }

 private:
  http::Response handle(http::Request& request);
  http::Response enter(const http::Request& request) const;
  http::Response own(http::Request& request);
  http::Response show(std::string_view kind, std::string_view escaped_arn);
  http::Response pass_on(http::Request& request);
  http::Response change_protocol(const http::Outgoing& request);

  DoorOptions options_;
  Access access_;
  Clock& clock_;
  http::Pool jupyter_;
  int port_ = 0;
  http::Server server_;  // last: it stops before what its handlers use
};

}  // namespace trainyard::notebook
