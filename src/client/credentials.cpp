#include "client/credentials.hpp"

#include <cstdio>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "http/client.hpp"

namespace trainyard::client {
namespace {

constexpr std::size_t kAnswerMax = 64 * 1024;
constexpr std::chrono::seconds kRetryRenewal{10};

class FixedCredentials final : public CredentialProvider {
 public:
  explicit FixedCredentials(wire::Credentials keys) : keys_(std::move(keys)) {}
  wire::Credentials get() override { return keys_; }

 private:
  wire::Credentials keys_;
};

class RenewedCredentials final : public CredentialProvider {
 public:
  RenewedCredentials(std::function<IssuedCredentials()> fetch, std::shared_ptr<Clock> clock)
      : fetch_(std::move(fetch)), clock_(std::move(clock)) {}

  wire::Credentials get() override {
    std::lock_guard lock(mutex_);
    Time now = clock_->now();
    if (!issued_ || (issued_->expires && now >= renew_at_)) renew(now);
    return issued_->keys;
  }

 private:
  void renew(Time now) {
    try {
      issued_ = fetch_();
      if (issued_->expires) renew_at_ = *issued_->expires - kRenewBefore;
    } catch (const std::exception& error) {
      if (!issued_ || now >= *issued_->expires) throw;
      log_warning("credentials could not be renewed yet: {}", error.what());
      renew_at_ = now + kRetryRenewal;
    }
  }

  std::function<IssuedCredentials()> fetch_;
  std::shared_ptr<Clock> clock_;
  std::mutex mutex_;
  std::optional<IssuedCredentials> issued_;
  Time renew_at_{};
};

struct PipeClose {
  void operator()(std::FILE* pipe) const { ::pclose(pipe); }
};

}  // namespace

std::shared_ptr<CredentialProvider> fixed_credentials(wire::Credentials keys) {
  return std::make_shared<FixedCredentials>(std::move(keys));
}

std::shared_ptr<CredentialProvider> renewed_credentials(
    std::function<IssuedCredentials()> fetch, std::shared_ptr<Clock> clock) {
  return std::make_shared<RenewedCredentials>(std::move(fetch), std::move(clock));
}

IssuedCredentials parse_issued(std::string_view text, const std::string& source) {
  std::string error;
  auto value = parse_json(text, &error);
  if (!value || !value->is_object()) {
    throw SystemError("credentials from " + source + " are not a JSON object");
  }
  const json::object& object = value->get_object();
  IssuedCredentials issued;
  auto key = find_string(object, "AccessKeyId");
  auto secret = find_string(object, "SecretAccessKey");
  if (!key || !secret) {
    throw SystemError("credentials from " + source + " lack AccessKeyId or SecretAccessKey");
  }
  issued.keys.access_key = *key;
  issued.keys.secret = *secret;
  auto token = find_string(object, "SessionToken");
  if (!token) token = find_string(object, "Token");
  issued.keys.session_token = token.value_or("");
  if (auto text_of_time = find_string(object, "Expiration")) {
    Time expires;
    if (!parse_iso8601(*text_of_time, expires)) {
      throw SystemError("credentials from " + source + " have a malformed Expiration");
    }
    issued.expires = expires;
  }
  return issued;
}

IssuedCredentials from_process(const std::string& command) {
  std::unique_ptr<std::FILE, PipeClose> pipe(::popen(command.c_str(), "re"));
  if (!pipe) throw_errno("cannot run the credential_process");
  std::string text;
  char piece[4096];
  for (std::size_t count; (count = std::fread(piece, 1, sizeof piece, pipe.get())) > 0;) {
    text.append(piece, count);
    if (text.size() > kAnswerMax) throw SystemError("the credential_process prints too much");
  }
  if (::pclose(pipe.release()) != 0) throw SystemError("the credential_process failed");
  return parse_issued(text, "the credential_process");
}

IssuedCredentials from_container(const std::string& url, const std::string& token) {
  http::Address address = http::Address::parse(url);
  http::Outgoing request;
  std::size_t scheme = url.find("://");
  std::size_t path = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  request.target = path == std::string::npos ? "/" : url.substr(path);
  if (!token.empty()) request.headers.set("Authorization", token);
  using std::chrono::seconds;
  http::Connection connection(address, {.connect_timeout = seconds(2), .read_timeout = seconds(5)});
  http::Response response;
  try {
    response = connection.exchange(request, kAnswerMax);
  } catch (const http::TransportError& error) {
    throw SystemError("no credentials from " + url + ": " + error.what());
  }
  if (response.status != 200) {
    throw SystemError("no credentials from " + url + ": status " +
                      std::to_string(response.status));
  }
  return parse_issued(response.body, url);
}

}  // namespace trainyard::client
