// A certificate authority of one's own: its key never leaves its folder, and its name constraints
// keep whoever trusts it from trusting it for more than a few domains.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "http/tls.hpp"

namespace trainyard::http {

/// Lengths of validity; clocks may be a day apart.
inline constexpr int kAuthorityDays = 3650;
inline constexpr int kCertificateDays = 825;

class Authority {
 public:
  /// The authority kept in `folder` (key.pem, mode 0600, and ca.pem), which may sign for `domains`
  /// and all below them and for nothing else. Makes a new one when there is none, or when the one
  /// there is damaged, signs for other domains, or would end before a certificate made now.
  /// SystemError when the folder cannot be written.
  Authority(const fs::path& folder, const std::vector<std::string>& domains, Time now);
  ~Authority();

  /// A certificate, with a key of its own, for host names: "sts.amazonaws.com", "*.amazonaws.com".
  /// From many threads at once.
  std::shared_ptr<const TlsIdentity> issue(const std::vector<std::string>& names, Time now) const;

  const std::string& certificate_pem() const { return certificate_pem_; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string certificate_pem_;
};

/// The file with the authorities that the system trusts ($SSL_CERT_FILE, Debian's, OpenSSL's
/// default); "" when there is none.
fs::path system_authorities();

}  // namespace trainyard::http
