// CONNECT on the one port: AWS's hosts are answered by ourselves over TLS, others are tunnelled.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "http/authority.hpp"
#include "http/server.hpp"
#include "http/forward_proxy.hpp"

namespace trainyard::server {

/// Public buckets of AWS's S3 that stay AWS's: torchvision's mirror.
inline constexpr std::string_view kPassThroughBuckets[] = {"ossci-datasets"};

/// What CONNECT `target` from `peer` comes to, before anything is connected.
struct ProxyDecision {
  enum class Way { ourselves, tunnel, refused };
  Way way = Way::refused;
  std::string host;  // lower case, without a final dot and without brackets
  int port = 0;
  int status = 0;   // of a refusal
  std::string why;  // of a refusal
};

/// `pass_through`: further buckets ("my-data"), or host names ("db.example.amazonaws.com").
ProxyDecision decide_connect(std::string_view target, const std::string& peer,
                             const std::vector<std::string>& pass_through);
/// The same whoever asks.
ProxyDecision decide_destination(std::string_view target,
                                 const std::vector<std::string>& pass_through);

/// What programs need that reach AWS's hosts by name, as files of DIR that Proxy writes, by the
/// name that instances know them by: "ca-bundle.pem" and "pip-constraints.txt".
std::map<std::string, fs::path> given_files(const fs::path& data_dir);

/// The names of our certificate in a region. A wildcard stands for one label.
std::vector<std::string> certificate_names(std::string_view region);
/// Whether one of `names` covers `host`.
bool names_cover(const std::vector<std::string>& names, std::string_view host);

/// Whether that proxy is ourselves, who listen on `port`: a shell that has run `trainyard env
/// --proxy` names us.
bool leads_here(const http::ForwardProxy& proxy, int port);

class Proxy {
 public:
  struct Options {
    fs::path data_dir;
    std::string region;
    std::vector<std::string> pass_through;
  };
  /// Makes or takes the authority in DIR/ca, and writes DIR/ca/bundle.pem (it and the system's) and
  /// DIR/pip-sdk-*.txt. SystemError when that fails.
  Proxy(Options options, Clock& clock);

  /// Our own port: a proxy that the environment names and that is ourselves is passed over.
  void set_port(int port) { own_port_ = port; }

  /// For http::ServerOptions::connect.
  http::ConnectAnswer connect(const http::Request& request);
  /// The same for the doors of attempts, which lead to AWS's hosts and nowhere else: 421 for any
  /// other.
  http::ConnectAnswer connect_from_attempt(const http::Request& request);

 private:
  http::ConnectAnswer answer_to(const ProxyDecision& decision);
  std::shared_ptr<const http::TlsIdentity> identity_for(const std::string& host);

  Options options_;
  Clock& clock_;
  http::Authority authority_;
  std::vector<std::string> names_;
  std::shared_ptr<const http::TlsIdentity> identity_;  // for names_
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const http::TlsIdentity>> others_;  // by host
  int own_port_ = 0;
};

}  // namespace trainyard::server
