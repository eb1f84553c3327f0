#include "client/presign.hpp"

#include "client/endpoint.hpp"

namespace trainyard::client {

std::string presign_url(const Config& config, std::string_view service, std::string_view method,
                        const std::string& target, std::chrono::seconds expires, Time now) {
  Endpoint endpoint = resolve_endpoint(config, service);
  const std::string host = endpoint.address.host_header();
  std::string signed_target =
      wire::presign(config.credentials->get(), {endpoint.signing_region, endpoint.signing_name},
                    method, host, target, expires, now);
  return (endpoint.address.tls ? "https://" : "http://") + host + signed_target;
}

}  // namespace trainyard::client
