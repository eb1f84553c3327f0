// Links that carry their own permission.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "client/config.hpp"

namespace trainyard::client {

/// A URL at the service's endpoint that anyone may use with `method` until it expires. `service` is
/// our name of it; `target` is path and query, escaped. SystemError when there are no credentials.
std::string presign_url(const Config& config, std::string_view service, std::string_view method,
                        const std::string& target, std::chrono::seconds expires, Time now);

}  // namespace trainyard::client
