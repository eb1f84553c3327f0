#include "cli/env.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "cli/ask.hpp"
#include "cli/paths.hpp"
#include "http/hosts.hpp"

namespace trainyard::cli {
namespace {

constexpr const char* kRegion = "us-east-1";
/// What else AWS's clients would take their keys from before they look at our profile, and what
/// would keep them from our endpoint.
constexpr const char* kOtherCredentials[] = {
    "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"};
/// Addresses of this machine, and those where AWS keeps metadata and credentials.
constexpr const char* kNoProxy = "127.0.0.1,localhost,::1,169.254.169.254,169.254.170.2";

std::string shell_quote(const std::string& text) {
  return "'" + replace_all(text, "'", "'\\''") + "'";
}

/// How clients on this machine reach the proxy.
std::string proxy_url(const std::string& endpoint) {
  const http::Address address = reachable(endpoint);
  if (!http::is_loopback(address.host)) {
    throw SystemError("the daemon listens on " + address.host +
                      ": its proxy serves loopback addresses only (serve --listen 127.0.0.1:…)");
  }
  return "http://" + address.host_header();
}

}  // namespace

std::string profile_name(const std::string& role) { return "trainyard-" + role; }

/// Whether clients run the process by a shell or split its line themselves, they agree on single
/// quotes.
std::string role_profile(const fs::path& program, const fs::path& data, const std::string& role) {
  return fmt::format(
      "# Written by `trainyard env --role {1}`.\n[profile {0}]\nregion = {2}\n"
      "credential_process = {3} credentials --data {4} --role {5}\n",
      profile_name(role), role, kRegion, shell_quote(program.string()), shell_quote(data.string()),
      shell_quote(role));
}

std::string role_session(const fs::path& data, const std::string& role, int seconds) {
  std::string target = "/_roles/" + percent_encode(role) + "/session";
  if (seconds != 0) target += "?duration=" + std::to_string(seconds);
  return ask_daemon(data, target);
}

EnvChanges env_changes(const EnvFacts& facts) {
  EnvChanges changes;
  auto set = [&](const char* name, const std::string& value) {
    changes.set.emplace_back(name, value);
  };
  const std::string proxy = facts.proxy ? proxy_url(facts.endpoint) : "";
  set("AWS_ENDPOINT_URL", facts.endpoint);
  set("AWS_REGION", kRegion);
  set("AWS_DEFAULT_REGION", kRegion);
  changes.unset.assign(std::begin(kOtherCredentials), std::end(kOtherCredentials));
  if (facts.role.empty()) {
    set("AWS_ACCESS_KEY_ID", facts.access_key);
    set("AWS_SECRET_ACCESS_KEY", facts.secret);
    changes.unset.push_back("AWS_PROFILE");
  } else {
    set("AWS_CONFIG_FILE", facts.role_config.string());
    set("AWS_PROFILE", profile_name(facts.role));
    changes.unset.insert(changes.unset.end(), {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"});
  }
  if (!facts.proxy) return changes;
  // Programs differ in which spelling they prefer.
  for (const char* name : {"HTTPS_PROXY", "https_proxy"}) set(name, proxy);
  for (const char* name : {"NO_PROXY", "no_proxy"}) set(name, kNoProxy);
  set("AWS_CA_BUNDLE", (facts.data / "ca" / "bundle.pem").string());
  set("PIP_CONSTRAINT", pip_file(facts.data / fmt::format("pip-sdk-{}.txt", facts.sdk)));
  return changes;
}

std::string env_exports(const EnvFacts& facts) {
  const EnvChanges changes = env_changes(facts);
  std::string text;
  for (const auto& [name, value] : changes.set) {
    text += fmt::format("export {}={}\n", name, shell_quote(value));
  }
  return text + "unset " + join(changes.unset, " ") + "\n";
}

EnvFacts prepare_env(const EnvOptions& options) {
  EnvFacts facts;
  facts.data = fs::absolute(options.data);
  facts.endpoint = endpoint_of(facts.data);
  facts.role = options.role;
  facts.proxy = options.proxy;
  facts.sdk = options.sdk;
  if (options.role.empty()) {
    RootKeys keys = read_root_keys(facts.data);
    facts.access_key = keys.access_key;
    facts.secret = keys.secret;
    return facts;
  }
  role_session(facts.data, options.role, 0);  // what is wrong with the role is told here
  facts.role_config = facts.data / "aws" / (options.role + ".config");
  std::error_code error;
  fs::create_directories(facts.role_config.parent_path(), error);
  if (error) throw SystemError("cannot create " + facts.role_config.parent_path().string());
  write_file_atomically(facts.role_config,
                        role_profile(own_program(), facts.data, options.role));
  return facts;
}

int print_env(const EnvOptions& options) {
  const std::string text = env_exports(prepare_env(options));
  std::fputs(text.c_str(), stdout);
  return 0;
}

int print_credentials(const fs::path& data, const std::string& role, int seconds) {
  std::fputs(role_session(fs::absolute(data), role, seconds).c_str(), stdout);
  return 0;
}

}  // namespace trainyard::cli
