// The daemon as a whole.
#pragma once

#include <string>
#include <vector>

#include "base/files.hpp"
#include "runtimes/table.hpp"

namespace trainyard::server {

struct ServeOptions {
  fs::path data_dir;
  std::string host = "127.0.0.1";
  int port = 4566;
  bool sandbox = true;
  bool egress = true;  // whether jobs and endpoints reach the internet, unless they are isolated
  std::vector<std::string> hosts;  // further names that the console answers to
  std::vector<std::string> pass_through;  // buckets and AWS hosts that the proxy leaves to AWS
  /// Endpoints that workflows may call by http:invoke: https://HOST[:PORT][/PATH], `*` for any
  /// characters. run_daemon refuses what is no such pattern with a SystemError.
  std::vector<std::string> http_allow;
  std::vector<std::pair<std::string, std::string>> managed_policies;  // name, version to default to
};

/// The runtimes table of a daemon on this folder: its user's entries (DIR/runtimes.toml), then the
/// program's own. SystemError with file and line for a mistake.
runtimes::Table runtimes_of(const fs::path& data_dir);

/// Serves until SIGTERM (the daemon alone ends) or SIGINT (jobs and endpoints end too). Prints
/// "ready http://HOST:PORT" once it accepts. SystemError when it cannot start.
int run_daemon(const ServeOptions& options);

}  // namespace trainyard::server
