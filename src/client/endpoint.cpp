#include "client/endpoint.hpp"

#include <map>

namespace trainyard::client {
namespace {

struct ServiceHost {
  const char* prefix;
  const char* signing_name;
};

const ServiceHost& host_of(std::string_view service) {
  static const std::map<std::string_view, ServiceHost> kHosts{
      {"sagemaker", {"api.sagemaker", "sagemaker"}},
      {"runtime", {"runtime.sagemaker", "sagemaker"}},
      {"states", {"states", "states"}},
      {"s3", {"s3", "s3"}},
      {"iam", {"iam", "iam"}},
      {"sts", {"sts", "sts"}},
      {"logs", {"logs", "logs"}},
      {"events", {"events", "events"}},
      {"monitoring", {"monitoring", "monitoring"}},
  };
  auto found = kHosts.find(service);
  if (found == kHosts.end()) throw SystemError("no host for service " + std::string(service));
  return found->second;
}

}  // namespace

Endpoint resolve_endpoint(const Config& config, std::string_view service) {
  Endpoint endpoint;
  // IAM is global: it is signed for one region, wherever the caller is.
  endpoint.signing_region = service == "iam" ? "us-east-1" : config.region;
  endpoint.signing_name = host_of(service).signing_name;
  const std::string& url = config.endpoint_of(service);
  if (!url.empty()) {
    endpoint.address = http::Address::parse(url);
    return endpoint;
  }
  const std::string suffix =
      config.region.rfind("cn-", 0) == 0 ? ".amazonaws.com.cn" : ".amazonaws.com";
  const std::string region = service == "iam" ? "" : "." + config.region;
  endpoint.address =
      http::Address::parse("https://" + std::string(host_of(service).prefix) + region + suffix);
  endpoint.is_aws = true;
  return endpoint;
}

}  // namespace trainyard::client
