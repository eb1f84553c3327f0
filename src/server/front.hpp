// The one port: AWS calls, and the few paths below `/_` that are ours.
#pragma once

#include <string>
#include <vector>

#include "http/message.hpp"
#include "server/parts.hpp"

namespace trainyard::server {

class Pipeline;

class Front {
 public:
  Front(const Parts& parts, Pipeline& pipeline, std::vector<std::string> hosts);
  http::Response handle(http::Request& request);

 private:
  http::Response health() const;
  http::Response metrics() const;
  http::Response console(http::Request& request);
  http::Response show_execution(const Caller& caller, const std::string& arn);
  http::Response show_machine(const Caller& caller, const std::string& arn, bool linked);

  Parts parts_;
  Pipeline& pipeline_;
  std::vector<std::string> hosts_;
};

}  // namespace trainyard::server
