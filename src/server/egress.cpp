#include "server/egress.hpp"

#include <system_error>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "runtimes/table.hpp"
#include "server/proxy.hpp"

namespace trainyard::server {
namespace {

constexpr std::uintmax_t kFileBytesMax = 4u << 20;  // a bundle of certificates is a quarter of one
constexpr const char* kNoConfigFile = "/dev/null";  // tells pip to read none at all
constexpr const char* kSeenCertificates = "/etc/ssl/certs/";  // in every sandbox

/// Where pip finds packages and how long it waits (pip's user guide, "Environment Variables"). Not
/// what says where they go or which are wanted: that is the job's.
constexpr const char* kPipVariables[] = {"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX",
                                         "PIP_FIND_LINKS", "PIP_TRUSTED_HOST", "PIP_TIMEOUT",
                                         "PIP_DEFAULT_TIMEOUT", "PIP_RETRIES"};
/// Files of certificates, as the programs that read them call them.
constexpr const char* kCertificateVariables[] = {"PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
                                                 "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"};

bool is_seen_anyway(const std::string& path) {
  return runtimes::is_seen({}, path) || path.starts_with(kSeenCertificates);
}

class Collector {
 public:
  Collector(const http::EnvironmentOf& environment, fs::path etc, int own_port)
      : environment_(environment), etc_(std::move(etc)), own_port_(own_port) {}

  compute::Egress collect() {
    take_proxies();
    for (const char* name : kPipVariables) {
      if (auto value = environment_(name)) egress_.environment[name] = *value;
    }
    for (const char* name : kCertificateVariables) {
      auto value = environment_(name);
      if (value && take_file(*value)) egress_.environment[name] = *value;
    }
    if (auto folder = environment_("SSL_CERT_DIR"); folder && is_seen_anyway(*folder + "/")) {
      egress_.environment["SSL_CERT_DIR"] = *folder;
    }
    take_pip_files();
    return std::move(egress_);
  }

 private:
  void take_proxies() {
    for (const char* name : {"https_proxy", "http_proxy", "no_proxy"}) {
      auto value = environment_(name);
      if (!value) value = environment_(to_upper(name).c_str());
      if (value && (std::string_view(name) == "no_proxy" || is_another(*value))) {
        egress_.proxies[name] = *value;
      }
    }
  }

  bool is_another(const std::string& url) const {
    try {
      return !leads_here(http::ForwardProxy::parse(url), own_port_);
    } catch (const SystemError& error) {
      log_warning("instances do without a proxy: {}", error.what());
      return false;
    }
  }

  /// False when instances could not read it.
  bool take_file(const std::string& path) {
    if (is_seen_anyway(path)) return true;
    std::error_code error;
    if (!path.starts_with('/') || !fs::is_regular_file(path, error)) return false;
    for (const auto& file : egress_.files) {
      if (file.path == path) return true;
    }
    try {
      if (fs::file_size(path, error) > kFileBytesMax || error) throw SystemError("too large");
      egress_.files.push_back({path, read_file(path)});
      return true;
    } catch (const SystemError& failure) {
      log_warning("instances do without {}: {}", path, failure.what());
      return false;
    }
  }

  /// pip reads them in this order, the last one counts most (of the user's two it reads both).
  void take_pip_files() {
    const std::string config = environment_("PIP_CONFIG_FILE").value_or("");
    if (config == kNoConfigFile) {
      egress_.environment["PIP_CONFIG_FILE"] = config;
      return;
    }
    for (const char* name : {"xdg/pip/pip.conf", "pip.conf"}) take_pip_file(etc_ / name);
    const fs::path home = environment_("HOME").value_or("/nonexistent");
    const fs::path own = environment_("XDG_CONFIG_HOME").value_or((home / ".config").string());
    for (const fs::path& path : {fs::path(config), own / "pip/pip.conf", home / ".pip/pip.conf"}) {
      if (!take_pip_file(path)) continue;
      egress_.environment["PIP_CONFIG_FILE"] = path.string();
      return;
    }
  }

  bool take_pip_file(const fs::path& path) {
    if (!take_file(path.string())) return false;
    for (const std::string& bundle : certificates_in(read_file(path))) {
      // As a variable too: by those the agent knows what to show inside of OCI images.
      if (take_file(bundle) && !environment_("PIP_CERT")) egress_.environment["PIP_CERT"] = bundle;
    }
    return true;
  }

  const http::EnvironmentOf& environment_;
  const fs::path etc_;
  const int own_port_;
  compute::Egress egress_;
};

}  // namespace

std::vector<std::string> certificates_in(std::string_view pip_conf) {
  std::vector<std::string> found;
  for (const std::string& line : split(pip_conf, '\n')) {
    const std::size_t sign = line.find_first_of("=:");
    if (sign == std::string::npos) continue;
    const std::string_view name = trim(std::string_view(line).substr(0, sign));
    const std::string_view value = trim(std::string_view(line).substr(sign + 1));
    if (iequals(name, "cert") && !value.empty()) found.emplace_back(value);
  }
  return found;
}

compute::Egress host_egress(const http::EnvironmentOf& environment, const fs::path& etc,
                            int own_port) {
  return Collector(environment, etc, own_port).collect();
}

}  // namespace trainyard::server
