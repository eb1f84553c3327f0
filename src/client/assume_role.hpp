// STS AssumeRole for profiles with role_arn. Written out by hand because every typed client needs
// credentials before it can call anything.
#pragma once

#include <string>

#include "client/credentials.hpp"

namespace trainyard::client {

struct Config;

struct AssumeRole {
  std::string role_arn;
  std::string session_name;      // "" = "trainyard"
  std::string external_id;       // "" = none
  std::string duration_seconds;  // "" = the service's default
};

/// Calls STS with the credentials and the endpoint of `config`. SystemError with AWS's code and
/// message when it refuses.
IssuedCredentials assume_role(const Config& config, const AssumeRole& request);

}  // namespace trainyard::client
