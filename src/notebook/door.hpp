// The front door of a Jupyter server: asks who comes, answers what the Step Functions SDK's outputs
// ask AWS for, and passes everything else on.
#pragma once

#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "http/client.hpp"
#include "http/message.hpp"
#include "notebook/access.hpp"

namespace trainyard::notebook {

/// A page of the daemon's console as it is shown to the notebook's role: `kind` is "executions" or
/// "statemachines".
using ConsolePage = std::function<http::Response(const std::string& kind, const std::string& arn)>;

struct DoorOptions {
  http::Pool::Connect jupyter;  // a connection to it, with the patience of to_jupyter()
  std::string jupyter_token;    // goes with every request, in place of what opens the door
  ConsolePage page;
  Access access;
  /// Requests and WebSockets at a time; more are told 503.
  int places = std::numeric_limits<int>::max();
};

/// Jupyter answers some requests only when a kernel has started, or a large file is written.
http::ClientOptions to_jupyter();

/// For many threads.
class Door {
 public:
  explicit Door(DoorOptions options);

  http::Response handle(http::Request& request);

 private:
  http::Response answer(http::Request& request);
  http::Response enter(const http::Request& request) const;
  http::Response own(http::Request& request);
  http::Response show(std::string_view kind, std::string_view escaped_arn);
  http::Response pass_on(http::Request& request);
  http::Response change_protocol(const http::Request& request, const http::Outgoing& onward);

  /// Shared with tunnels, which may outlive the door.
  const std::shared_ptr<const DoorOptions> shared_options_;
  const DoorOptions& options_;
  const std::shared_ptr<std::atomic<int>> taken_;  // places
  http::Pool jupyter_;
};

}  // namespace trainyard::notebook
