// The one port: AWS calls, the few paths below `/_` that are ours, and the hosts of notebooks.
#pragma once

#include <string>
#include <vector>

#include "http/message.hpp"
#include "server/console/console.hpp"
#include "server/notebooks.hpp"
#include "server/parts.hpp"

namespace trainyard::server {

class Pipeline;

class Front {
 public:
  Front(const Parts& parts, Pipeline& pipeline, std::vector<std::string> hosts);
  http::Response handle(http::Request& request);
  /// As http::ServerOptions::quick wants to know it.
  bool is_quick(const http::Request& request) const;

  /// Something was committed: for those who watch it.
  void committed() { console_.committed(); }
  /// Ends what goes on without an end of its own.
  void stop() { console_.stop(); }

 private:
  http::Response health() const;
  http::Response metrics() const;
  http::Response to_console() const;

  Parts parts_;
  Pipeline& pipeline_;
  Notebooks notebooks_;
  console::Console console_;
};

}  // namespace trainyard::server
