// The one port: AWS calls, the few paths below `/_` that are ours, and the hosts of notebooks.
#pragma once

#include <string>
#include <vector>

#include "http/message.hpp"
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

 private:
  http::Response health() const;
  http::Response metrics() const;
  http::Response console(http::Request& request);
  /// `kind`: "executions" or "statemachines". A page for whatever is wrong, too.
  http::Response page(const Caller& caller, const std::string& kind, const std::string& arn,
                      bool linked);
  http::Response show_execution(const Caller& caller, const std::string& arn);
  http::Response show_machine(const Caller& caller, const std::string& arn, bool linked);

  Parts parts_;
  Pipeline& pipeline_;
  std::vector<std::string> hosts_;
  Notebooks notebooks_;
};

}  // namespace trainyard::server
