// From a service's name to a host.
#pragma once

#include <string>
#include <string_view>

#include "client/config.hpp"

namespace trainyard::client {

struct Endpoint {
  http::Address address;
  std::string signing_region;
  std::string signing_name;
  bool is_aws = false;  // AWS's own host, no endpoint being configured
};

/// `service` is our name of it ("states", "runtime"). SystemError for a malformed endpoint URL.
Endpoint resolve_endpoint(const Config& config, std::string_view service);

}  // namespace trainyard::client
