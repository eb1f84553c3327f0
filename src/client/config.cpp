#include "client/config.hpp"

#include <array>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "client/assume_role.hpp"

namespace trainyard::client {
namespace {

constexpr std::string_view kContainerHost = "http://169.254.170.2";
constexpr int kRoleChainMax = 5;

/// Our service names and the ids that AWS's settings use (AWS SDKs and Tools Reference Guide,
/// "Identifiers for service-specific endpoints").
constexpr std::array<std::pair<const char*, const char*>, 9> kServiceIds{{
    {"states", "sfn"},
    {"sagemaker", "sagemaker"},
    {"runtime", "sagemaker_runtime"},
    {"s3", "s3"},
    {"iam", "iam"},
    {"sts", "sts"},
    {"logs", "cloudwatch_logs"},
    {"events", "eventbridge"},
    {"monitoring", "cloudwatch"},
}};

std::string value_or_empty(const Section* section, const std::string& name) {
  if (section == nullptr) return {};
  auto found = section->find(name);
  return found == section->end() ? std::string() : found->second;
}

void read_endpoints(const Environment& environment, const Profiles& profiles,
                    const Section* profile, Config& config) {
  const bool ignore =
      iequals(environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").value_or(""), "true");
  if (ignore) return;
  const Section* services = profiles.services(value_or_empty(profile, "services"));
  config.endpoint_url =
      environment("AWS_ENDPOINT_URL").value_or(value_or_empty(profile, "endpoint_url"));
  for (auto [name, id] : kServiceIds) {
    auto url = environment("AWS_ENDPOINT_URL_" + to_upper(id));
    if (!url) url = value_or_empty(services, std::string(id) + ".endpoint_url");
    if (!url->empty()) config.service_endpoints[name] = *url;
  }
}

std::shared_ptr<CredentialProvider> no_credentials() {
  return renewed_credentials(
      []() -> IssuedCredentials {
        throw SystemError(
            "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE "
            "(`trainyard env` prints them for a running daemon)");
      },
      std::make_shared<SystemClock>());
}

std::shared_ptr<CredentialProvider> container_credentials(const Environment& environment) {
  std::string url;
  if (auto relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    url = std::string(kContainerHost) + *relative;
  } else if (auto full = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
    url = *full;
  } else {
    return nullptr;
  }
  return renewed_credentials(
      [url, environment] {
        std::string token = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
        // The file is read each time: its owner renews it.
        if (auto file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
          token = std::string(trim(read_file(*file)));
        }
        return from_container(url, token);
      },
      std::make_shared<SystemClock>());
}

std::shared_ptr<CredentialProvider> environment_credentials(const Environment& environment) {
  auto key = environment("AWS_ACCESS_KEY_ID");
  auto secret = environment("AWS_SECRET_ACCESS_KEY");
  if (!key || !secret) return nullptr;
  return fixed_credentials({*key, *secret, environment("AWS_SESSION_TOKEN").value_or("")});
}

std::shared_ptr<CredentialProvider> profile_credentials(const Environment& environment,
                                                        const Profiles& profiles,
                                                        const std::string& name,
                                                        const Config& config, int depth);

std::shared_ptr<CredentialProvider> role_credentials(const Environment& environment,
                                                     const Profiles& profiles,
                                                     const std::string& name,
                                                     const Section& profile,
                                                     const Config& config, int depth) {
  if (depth >= kRoleChainMax) throw SystemError("profile " + name + ": too many source_profiles");
  std::string source = value_or_empty(&profile, "source_profile");
  std::string credential_source = value_or_empty(&profile, "credential_source");
  std::shared_ptr<CredentialProvider> base;
  if (!source.empty()) {
    // A profile may name itself: then its own keys assume the role.
    base = source == name ? fixed_credentials({value_or_empty(&profile, "aws_access_key_id"),
                                               value_or_empty(&profile, "aws_secret_access_key"),
                                               value_or_empty(&profile, "aws_session_token")})
                          : profile_credentials(environment, profiles, source, config, depth + 1);
  } else if (credential_source == "Environment") {
    base = environment_credentials(environment);
  } else if (credential_source == "EcsContainer") {
    base = container_credentials(environment);
  }
  if (!base) throw SystemError("profile " + name + ": no source of credentials for role_arn");
  AssumeRole request;
  request.role_arn = value_or_empty(&profile, "role_arn");
  request.session_name = value_or_empty(&profile, "role_session_name");
  request.external_id = value_or_empty(&profile, "external_id");
  request.duration_seconds = value_or_empty(&profile, "duration_seconds");
  Config with_base = config;
  with_base.credentials = base;
  return renewed_credentials([with_base, request] { return assume_role(with_base, request); },
                             std::make_shared<SystemClock>());
}

std::shared_ptr<CredentialProvider> profile_credentials(const Environment& environment,
                                                        const Profiles& profiles,
                                                        const std::string& name,
                                                        const Config& config, int depth) {
  const Section* profile = profiles.profile(name);
  if (profile == nullptr) return nullptr;
  if (profile->contains("role_arn")) {
    return role_credentials(environment, profiles, name, *profile, config, depth);
  }
  std::string key = value_or_empty(profile, "aws_access_key_id");
  std::string secret = value_or_empty(profile, "aws_secret_access_key");
  if (!key.empty() && !secret.empty()) {
    return fixed_credentials({key, secret, value_or_empty(profile, "aws_session_token")});
  }
  std::string command = value_or_empty(profile, "credential_process");
  if (command.empty()) return nullptr;
  return renewed_credentials([command] { return from_process(command); },
                             std::make_shared<SystemClock>());
}

}  // namespace

const std::string& Config::endpoint_of(std::string_view service) const {
  auto found = service_endpoints.find(std::string(service));
  return found == service_endpoints.end() ? endpoint_url : found->second;
}

Config load_config(const Environment& environment, const std::string& profile_name) {
  Profiles profiles = Profiles::load(environment);
  std::string name = profile_name;
  if (name.empty()) name = environment("AWS_PROFILE").value_or("");
  const bool named = !name.empty();
  if (!named) name = "default";
  const Section* profile = profiles.profile(name);
  if (named && profile == nullptr) {
    throw SystemError("The config profile (" + name + ") could not be found");
  }
  Config config;
  auto region = environment("AWS_REGION");
  if (!region) region = environment("AWS_DEFAULT_REGION");
  if (!region) region = value_or_empty(profile, "region");
  if (!region->empty()) config.region = *region;
  config.ca_file = environment("AWS_CA_BUNDLE").value_or(value_or_empty(profile, "ca_bundle"));
  config.http.ca_file = config.ca_file;
  std::string attempts =
      environment("AWS_MAX_ATTEMPTS").value_or(value_or_empty(profile, "max_attempts"));
  if (!attempts.empty() && attempts.size() < 3 &&
      attempts.find_first_not_of("0123456789") == std::string::npos) {
    config.attempts_max = std::max(1, std::stoi(attempts));
  }
  read_endpoints(environment, profiles, profile, config);

  // A profile named in the program outranks keys in the environment; AWS_PROFILE does not.
  if (profile_name.empty()) config.credentials = environment_credentials(environment);
  if (!config.credentials) {
    config.credentials = profile_credentials(environment, profiles, name, config, 0);
  }
  if (!config.credentials) config.credentials = container_credentials(environment);
  if (!config.credentials) config.credentials = no_credentials();
  return config;
}

}  // namespace trainyard::client
