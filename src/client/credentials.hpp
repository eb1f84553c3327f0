// Where keys come from, and how they are renewed before they expire.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "wire/sigv4.hpp"

namespace trainyard::client {

/// Keys are fetched anew when they would expire within this time.
inline constexpr std::chrono::minutes kRenewBefore{5};

struct IssuedCredentials {
  wire::Credentials keys;
  std::optional<Time> expires;
};

/// Hands out valid keys; for many threads.
class CredentialProvider {
 public:
  virtual ~CredentialProvider() = default;
  /// SystemError when there are none.
  virtual wire::Credentials get() = 0;
};

std::shared_ptr<CredentialProvider> fixed_credentials(wire::Credentials keys);

/// Fetches when first asked and again `kRenewBefore` the end. When a renewal fails, keys that are
/// still valid go on being used.
std::shared_ptr<CredentialProvider> renewed_credentials(
    std::function<IssuedCredentials()> fetch, std::shared_ptr<Clock> clock);

/// The JSON that credential processes print and container endpoints answer (AccessKeyId,
/// SecretAccessKey, SessionToken or Token, Expiration). SystemError, naming `source`, otherwise.
IssuedCredentials parse_issued(std::string_view text, const std::string& source);

/// Runs `command` with /bin/sh, as `credential_process` wants; SystemError when it fails.
IssuedCredentials from_process(const std::string& command);

/// GET on a container credentials endpoint; `token` goes into Authorization when not empty.
IssuedCredentials from_container(const std::string& url, const std::string& token);

}  // namespace trainyard::client
