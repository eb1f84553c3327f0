// Everything below /_console/: the page, the API that it speaks, and the plain pages.
#pragma once

#include <string>
#include <vector>

#include "server/console/gate.hpp"
#include "server/console/watch.hpp"

namespace trainyard::server::console {

inline constexpr std::string_view kPath = "/_console/";

class Console {
 public:
  /// `hosts`: names of this machine beside the loopback ones.
  Console(const Parts& parts, Pipeline& pipeline, std::vector<std::string> hosts);

  http::Response handle(http::Request& request);

  /// Something was committed: those who watch look again.
  void committed() { watchers_.committed(); }
  /// Ends all streams of changes.
  void stop() { watchers_.stop(); }

 private:
  http::Response page(const http::Request& request, std::string_view rest);
  http::Response api(http::Request& request, std::string_view rest);
  http::Response api_of_visitor(http::Request& request, std::string_view rest);

  Parts parts_;
  Pipeline& pipeline_;
  const std::vector<std::string> hosts_;
  Gate gate_;
  Watchers watchers_;
};

}  // namespace trainyard::server::console
