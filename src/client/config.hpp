// Where the services are and who we are: what AWS's own tools read from environment and profiles.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "client/credentials.hpp"
#include "client/profile.hpp"
#include "http/client.hpp"

namespace trainyard::client {

inline constexpr int kAttemptsMaxDefault = 4;

struct Config {
  std::string region = "us-east-1";
  std::string endpoint_url;  // for all services; "" = AWS's own hosts. Also "unix:/path".
  std::map<std::string, std::string> service_endpoints;  // by our service name: "s3", "states"
  std::shared_ptr<CredentialProvider> credentials;
  std::string ca_file;   // "" = the system's
  int attempts_max = kAttemptsMaxDefault;
  http::ClientOptions http;

  /// The service's own endpoint, or the common one, or "".
  const std::string& endpoint_of(std::string_view service) const;
};

/// AWS_PROFILE and the profile's values; AWS_REGION, AWS_DEFAULT_REGION; AWS_ENDPOINT_URL,
/// AWS_ENDPOINT_URL_<SERVICE>, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS; AWS_CA_BUNDLE;
/// AWS_MAX_ATTEMPTS. Credentials, first found: AWS_ACCESS_KEY_ID…, the profile (role_arn with
/// source_profile, keys, credential_process), AWS_CONTAINER_CREDENTIALS_{RELATIVE,FULL}_URI.
/// SystemError when a named profile does not exist; no credentials at all are an error only when
/// they are first needed.
Config load_config(const Environment& environment = process_environment(),
                   const std::string& profile = "");

}  // namespace trainyard::client
