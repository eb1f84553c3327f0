// Questions to the running daemon as root, beside AWS's API.
#pragma once

#include <string>

#include "base/files.hpp"
#include "http/client.hpp"

namespace trainyard::cli {

/// The URL of the daemon that runs on DIR. SystemError that says how to start one when none does.
std::string endpoint_of(const fs::path& data);

/// The address at which this machine reaches a daemon that listens on `endpoint`: one that stands
/// for all of the machine's is no name.
http::Address reachable(const std::string& endpoint);

/// The body of the daemon's answer to a signed POST without a body (for sts). SystemError when no
/// daemon runs on DIR, ApiError for what it refuses.
std::string ask_daemon(const fs::path& data, const std::string& target,
                       const http::Headers& headers = {});

}  // namespace trainyard::cli
