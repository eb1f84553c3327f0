#include "server/proxy.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "http/hosts.hpp"
#include "http/tunnel.hpp"
#include "server/route.hpp"

namespace trainyard::server {
namespace {

constexpr int kHttpsPort = 443;
constexpr std::chrono::milliseconds kConnectTimeout{10'000};
/// Certificates for single hosts that are kept; a region has a few dozen hosts.
constexpr std::size_t kIdentitiesMax = 256;
/// The domains of AWS's API hosts; api.aws holds the dual-stack ones.
const std::vector<std::string>& aws_domains() {
  static const std::vector<std::string> domains{"amazonaws.com", "amazonaws.com.cn", "api.aws"};
  return domains;
}

/// What pip is held to: by itself it takes SageMaker's SDK 3, which no Step Functions SDK can use.
struct PipConstraints {
  const char* file;
  std::string_view text;
};
constexpr PipConstraints kPipConstraints[] = {
    {"pip-sdk-1.txt",
     "# The SDKs of the tutorial: stepfunctions 1.1.2 needs sagemaker 1.\n"
     "stepfunctions==1.1.2\nsagemaker==1.72.1\n"
     "# protobuf 4 refuses the descriptors that sagemaker 1 has in its files.\n"
     "protobuf<3.21\n"
     "# setuptools 82 dropped pkg_resources, which the Step Functions SDK imports.\n"
     "setuptools<82\n"},
    {"pip-sdk-2.txt",
     "# The last SageMaker SDK that a Step Functions SDK works with.\n"
     "stepfunctions>=2,<3\nsagemaker>=2.72,<3\n"
     "# setuptools 82 dropped pkg_resources, which the Step Functions SDK imports.\n"
     "setuptools<82\n"},
};

fs::path bundle_in(const fs::path& data_dir) { return data_dir / "ca" / "bundle.pem"; }

bool is_aws(std::string_view host) {
  return std::any_of(aws_domains().begin(), aws_domains().end(),
                     [&](const std::string& domain) { return http::is_below(host, domain); });
}

bool passes_through(const std::string& host, const std::vector<std::string>& added) {
  const std::string bucket = bucket_in_host(host);
  auto matches = [&](std::string_view name) {
    return (!bucket.empty() && name == bucket) || name == host;
  };
  return std::any_of(std::begin(kPassThroughBuckets), std::end(kPassThroughBuckets), matches) ||
         std::any_of(added.begin(), added.end(), matches);
}

ProxyDecision refuse(int status, std::string why) {
  ProxyDecision decision;
  decision.status = status;
  decision.why = std::move(why);
  return decision;
}

}  // namespace

ProxyDecision decide_connect(std::string_view target, const std::string& peer,
                             const std::vector<std::string>& pass_through) {
  if (!http::is_loopback(http::host_name(peer))) {
    return refuse(403, "This proxy serves clients on its own machine's loopback addresses only.");
  }
  return decide_destination(target, pass_through);
}

ProxyDecision decide_destination(std::string_view target,
                                 const std::vector<std::string>& pass_through) {
  ProxyDecision decision;
  if (!http::split_authority(target, decision.host, decision.port)) {
    return refuse(400, "CONNECT wants HOST:PORT.");
  }
  if (!is_aws(decision.host) || passes_through(decision.host, pass_through)) {
    decision.way = ProxyDecision::Way::tunnel;
    return decision;
  }
  if (decision.port != kHttpsPort) {
    return refuse(403, fmt::format("{} is an AWS host: it is answered here, on port 443 only.",
                                   decision.host));
  }
  decision.way = ProxyDecision::Way::ourselves;
  return decision;
}

std::vector<std::string> certificate_names(std::string_view region) {
  std::vector<std::string> names{"amazonaws.com", "*.amazonaws.com", "*.s3.amazonaws.com"};
  for (const char* pattern :
       {"*.{}.amazonaws.com", "*.s3.{}.amazonaws.com", "*.s3-{}.amazonaws.com",
        "*.s3.dualstack.{}.amazonaws.com", "*.sagemaker.{}.amazonaws.com", "*.{}.api.aws"}) {
    names.push_back(fmt::format(fmt::runtime(pattern), region));
  }
  return names;
}

bool names_cover(const std::vector<std::string>& names, std::string_view host) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    if (!name.starts_with("*.")) return name == host;
    auto dot = host.find('.');
    return dot != std::string_view::npos && dot > 0 && host.substr(dot) == name.substr(1);
  });
}

std::map<std::string, fs::path> given_files(const fs::path& data_dir) {
  return {{"ca-bundle.pem", bundle_in(data_dir)},
          {"pip-constraints.txt", data_dir / kPipConstraints[0].file}};
}

bool leads_here(const http::ForwardProxy& proxy, int port) {
  return proxy.port == port && http::is_loopback(proxy.host);
}

Proxy::Proxy(Options options, Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      authority_(options_.data_dir / "ca", aws_domains(), clock.now()),
      names_(certificate_names(options_.region)),
      identity_(authority_.issue(names_, clock.now())) {
  std::string bundle = authority_.certificate_pem();
  const fs::path system = http::system_authorities();
  if (system.empty()) {
    log_warning("the system's certificates were not found: AWS_CA_BUNDLE will hold ours alone");
  } else {
    bundle += read_file(system);
  }
  const fs::path bundle_file = bundle_in(options_.data_dir);
  if (read_file_if_exists(bundle_file) != bundle) {
    write_file_atomically(bundle_file, bundle, 0644, "ca.bundle.rename");
  }
  for (const PipConstraints& constraints : kPipConstraints) {
    const fs::path file = options_.data_dir / constraints.file;
    if (read_file_if_exists(file) != constraints.text) {
      write_file_atomically(file, constraints.text, 0644, "constraints.rename");
    }
  }
}

std::shared_ptr<const http::TlsIdentity> Proxy::identity_for(const std::string& host) {
  if (names_cover(names_, host)) return identity_;
  std::lock_guard lock(mutex_);
  auto& identity = others_[host];
  if (!identity) identity = authority_.issue({host}, clock_.now());
  auto found = identity;
  if (others_.size() > kIdentitiesMax) others_.clear();
  return found;
}

/// What `decision` comes to, unless it is a tunnel.
http::ConnectAnswer Proxy::answer_to(const ProxyDecision& decision) {
  http::ConnectAnswer answer;
  if (decision.way == ProxyDecision::Way::refused) {
    answer.status = decision.status;
    answer.text = decision.why;
  } else if (decision.way == ProxyDecision::Way::ourselves) {
    answer.identity = identity_for(decision.host);
  }
  return answer;
}

http::ConnectAnswer Proxy::connect_from_attempt(const http::Request& request) {
  const ProxyDecision decision = decide_destination(request.target, options_.pass_through);
  http::ConnectAnswer answer = answer_to(decision);
  if (decision.way == ProxyDecision::Way::tunnel) {
    answer.status = http::kMisdirected;
    answer.text = decision.host + " is no AWS host that is answered here.";
  }
  return answer;
}

http::ConnectAnswer Proxy::connect(const http::Request& request) {
  ProxyDecision decision = decide_connect(request.target, request.peer, options_.pass_through);
  http::ConnectAnswer answer = answer_to(decision);
  if (decision.way != ProxyDecision::Way::tunnel) return answer;
  try {
    auto via = http::forward_proxy(http::own_environment, http::Scheme::https, decision.host);
    if (via && leads_here(*via, own_port_)) via.reset();
    http::Tunnel tunnel = http::open_tunnel(decision.host, decision.port, via, kConnectTimeout);
    answer.upstream = std::move(tunnel.socket);
    answer.early = std::move(tunnel.early);
  } catch (const SystemError& error) {
    log_warning("no tunnel to {}:{}: {}", decision.host, decision.port, error.what());
    answer.status = 502;
    answer.text =
        fmt::format("No tunnel to {}:{}: {}.", decision.host, decision.port, error.what());
  }
  return answer;
}

}  // namespace trainyard::server
