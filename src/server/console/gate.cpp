#include "server/console/gate.hpp"

#include <fmt/format.h>

#include "base/hash.hpp"
#include "http/hosts.hpp"
#include "notebook/access.hpp"
#include "server/console/replies.hpp"
#include "server/pipeline.hpp"

namespace trainyard::server::console {
namespace {

json::object describe(const Visitor& visitor, const Site& site) {
  return {{"arn", visitor.caller.arn},
          {"account", visitor.caller.account},
          {"userId", visitor.caller.user_id},
          {"region", site.region},
          {"expires", to_millis(visitor.expires) / 1000}};
}

/// A link's token, or a key with its secret and its session token, all of them made here and short:
/// whoever sends them has proved nothing yet.
constexpr std::size_t kLoginBytesMax = 16 * 1024;

ApiError wrong_login(const char* why) { return ApiError("AccessDeniedException", 403, why); }

std::string member(const json::object& object, std::string_view name) {
  return find_string(object, name).value_or("");
}

}  // namespace

void Gate::check_origin(const http::Request& request) {
  if (!notebook::comes_from_us(request)) {
    throw ApiError("AccessDeniedException", 403, "Pages of other sites have no access.");
  }
}

/// nullopt for a key that opens nothing now: it is gone, inactive or has expired.
std::optional<identity::Credential> Gate::credential_of(const std::string& access_key) const {
  auto credential =
      parts_.store.read([&](Txn& txn) { return identity::find_credential(txn, access_key); });
  if (!credential) return std::nullopt;
  if (credential->expires && *credential->expires <= parts_.clock.now()) return std::nullopt;
  return credential;
}

std::optional<Visitor> Gate::find_visitor(const http::Request& request) const {
  const auto session = sessions_.find(request.headers.get(kHeader), parts_.clock.now());
  if (!session) return std::nullopt;
  auto credential = credential_of(session->access_key);
  if (!credential) return std::nullopt;
  credential->caller.source_ip = http::peer_address(request.peer);
  return Visitor{std::move(credential->caller), session->expires};
}

Visitor Gate::visitor(const http::Request& request) const {
  auto visitor = find_visitor(request);
  if (!visitor) {
    throw ApiError("ExpiredTokenException", 401,
                   "There is no session: log in by the link that `trainyard console` prints, or "
                   "with an access key.");
  }
  return std::move(*visitor);
}

http::Response Gate::issue_link(http::Request& request) {
  const Caller caller = pipeline_.authenticate_signed(request, "sts");
  const auto link = sessions_.issue_link(caller.access_key, parts_.clock.now());
  return reply(200, {{"url", fmt::format("http://{}/_console/#/login/{}",
                                         request.headers.get("Host"), link.token)},
                     {"expires", to_millis(link.expires) / 1000}});
}

/// The key whose secret a login tells. ApiError 403 when it does not. Only these are bounded in
/// their failures: nobody guesses a link's 256 bits, and one who cannot log in must not keep others
/// from it.
std::string Gate::key_of_secret(const http::Request& request, const json::object& login) {
  if (!http::is_loopback(http::peer_address(request.peer))) {
    throw wrong_login(
        "A secret key is taken from this machine only, since it would travel in the "
        "clear: use the link that `trainyard console` prints.");
  }
  const Time now = parts_.clock.now();
  if (!sessions_.may_try(now)) {
    throw ApiError("ThrottlingException", 429, "Too many logins have failed: wait a minute.");
  }
  const auto credential = parts_.store.read(
      [&](Txn& txn) { return identity::find_credential(txn, member(login, "accessKeyId")); });
  if (credential && equal_in_constant_time(member(login, "secretAccessKey"), credential->secret) &&
      equal_in_constant_time(member(login, "sessionToken"), credential->session_token)) {
    return credential->access_key;
  }
  sessions_.note_failure(now);
  throw wrong_login("The access key, its secret or its session token is wrong.");
}

/// The key that a login proves to have. ApiError 403 when it proves none.
std::string Gate::key_of_login(const http::Request& request, const json::object& login) {
  const auto token = find_string(login, "token");
  if (!token) return key_of_secret(request, login);
  auto key = sessions_.use_link(*token, parts_.clock.now());
  if (!key) throw wrong_login("The link has been used already, or is older than five minutes.");
  return std::move(*key);
}

http::Response Gate::log_in(http::Request& request) {
  const json::object login = read_object(request, kLoginBytesMax);
  const auto credential = credential_of(key_of_login(request, login));
  if (!credential) throw wrong_login("The access key has been deactivated, or has expired.");
  const auto session =
      sessions_.open(credential->access_key, credential->expires, parts_.clock.now());
  json::object told = describe({credential->caller, session.expires}, parts_.site);
  told["token"] = session.token;
  return reply(200, told);
}

http::Response Gate::show(const http::Request& request) const {
  return reply(200, describe(visitor(request), parts_.site));
}

http::Response Gate::log_out(const http::Request& request) {
  sessions_.close(request.headers.get(kHeader));
  return reply(200, {});
}

}  // namespace trainyard::server::console
