// Where a daemon keeps its things, as the commands find them.
#pragma once

#include <string>

#include "base/files.hpp"

namespace trainyard::cli {

/// $XDG_DATA_HOME/trainyard, or ~/.local/share/trainyard. SystemError without a home.
fs::path default_data_dir();

struct RootKeys {
  std::string access_key;
  std::string secret;
};

/// The keys in DIR/credentials. SystemError when no daemon was ever started on DIR.
RootKeys read_root_keys(const fs::path& data_dir);

/// The URL in DIR/endpoint; "" when no daemon runs on DIR.
std::string running_endpoint(const fs::path& data_dir);

struct Listen {
  std::string host;
  int port = 0;
};

/// "HOST:PORT" or "[ADDRESS]:PORT", as --listen takes it. SystemError for anything else.
Listen parse_listen(const std::string& text);

/// The process that holds DIR's lock; 0 when none does.
int running_pid(const fs::path& data_dir);

}  // namespace trainyard::cli
