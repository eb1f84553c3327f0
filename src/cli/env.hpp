// `trainyard env`, `trainyard credentials`: what an AWS client needs to find this daemon.
#pragma once

#include <string>

#include "base/files.hpp"

namespace trainyard::cli {

struct EnvOptions {
  fs::path data;
  std::string role;  // "": the root keys
  bool proxy = false;
  int sdk = 1;
};

/// What the exports are made of.
struct EnvFacts {
  std::string endpoint;  // http://HOST:PORT
  std::string access_key, secret;  // of root; unused with a role
  std::string role;                // "" for none
  fs::path role_config;            // the AWS configuration file with the role's profile
  bool proxy = false;
  int sdk = 1;  // the generation of SageMaker's Python SDK that pip is held to: 1 or 2
  fs::path data;
};

/// Shell text that sets, and unsets what would be in the way. SystemError when the proxy is asked
/// for and the daemon listens on no loopback address.
std::string env_exports(const EnvFacts& facts);

/// The profile of a role, as an AWS configuration file: its process prints sessions that renew.
std::string role_profile(const fs::path& program, const fs::path& data, const std::string& role);
/// "trainyard-ROLE".
std::string profile_name(const std::string& role);

/// Prints the exports. SystemError or ApiError, and nothing on stdout, when no daemon runs or the
/// role cannot be had.
int print_env(const EnvOptions& options);

/// Prints a session of the role as a credential process does; `seconds` 0: the daemon's default.
int print_credentials(const fs::path& data, const std::string& role, int seconds);

}  // namespace trainyard::cli
