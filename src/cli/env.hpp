// `trainyard env`, `trainyard credentials`: what an AWS client needs to find this daemon.
#pragma once

#include <string>
#include <utility>
#include <vector>

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

struct EnvChanges {
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::string> unset;  // what would be in the way
};

/// SystemError when the proxy is asked for and the daemon listens on no loopback address.
EnvChanges env_changes(const EnvFacts& facts);
/// The same as shell text.
std::string env_exports(const EnvFacts& facts);

/// Looks at the daemon and, for a role, tries a session and writes the file with its profile.
/// SystemError or ApiError when no daemon runs or the role cannot be had.
EnvFacts prepare_env(const EnvOptions& options);

/// The profile of a role, as an AWS configuration file: its process prints sessions that renew.
std::string role_profile(const fs::path& program, const fs::path& data, const std::string& role);
/// "trainyard-ROLE".
std::string profile_name(const std::string& role);

/// Prints the exports. SystemError or ApiError, and nothing on stdout, when no daemon runs or the
/// role cannot be had.
int print_env(const EnvOptions& options);

/// A session of the role, as the JSON that a credential process prints; `seconds` 0: the daemon's
/// default. SystemError or ApiError as above.
std::string role_session(const fs::path& data, const std::string& role, int seconds);

/// Prints one.
int print_credentials(const fs::path& data, const std::string& role, int seconds);

}  // namespace trainyard::cli
