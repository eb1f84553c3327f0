#include "server/console/gate.hpp"

#include <fmt/format.h>

#include "base/hash.hpp"
#include "http/hosts.hpp"
#include "identity/identity.hpp"
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

std::string cookie(std::string_view token, std::chrono::seconds life) {
  return fmt::format("{}={}; Path=/_console/; Max-Age={}; HttpOnly; SameSite=Strict", kCookie,
                     token, life.count());
}

ApiError wrong_login(const char* why) { return ApiError("AccessDeniedException", 403, why); }

std::string member(const json::object& object, std::string_view name) {
  return find_string(object, name).value_or("");
}

}  // namespace

void Gate::check_origin(const http::Request& request) {
  if (!notebook::comes_from_us(request)) {
    throw ApiError("AccessDeniedException", 403, "Pages of other sites have no access.");
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!reads && request.headers.get(kHeader) != "1") {
    throw ApiError(
        "AccessDeniedException", 403,
        fmt::format("A request that changes something needs the header {}: 1.", kHeader));
  }
}

std::optional<Visitor> Gate::visitor_of(const http::Request& request,
                                        const Session& session) const {
  auto credential = parts_.store.read(
      [&](Txn& txn) { return identity::find_credential(txn, session.access_key); });
  if (!credential) return std::nullopt;
  if (credential->expires && *credential->expires <= parts_.clock.now()) return std::nullopt;
  credential->caller.source_ip = http::peer_address(request.peer);
  return Visitor{std::move(credential->caller), session.expires};
}

std::optional<Visitor> Gate::find_visitor(const http::Request& request) const {
  for (const std::string& token : notebook::cookie_values(request.headers.get("Cookie"), kCookie)) {
    const auto session = sessions_.find(token, parts_.clock.now());
    if (!session) continue;
    if (auto visitor = visitor_of(request, *session)) return visitor;
  }
  return std::nullopt;
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

/// The key that a login proves to have. ApiError 403 when it proves none.
std::string Gate::key_of_login(const http::Request& request, const json::object& login) {
  const Time now = parts_.clock.now();
  if (const auto token = find_string(login, "token")) {
    auto key = sessions_.use_link(*token, now);
    if (!key) throw wrong_login("The link has been used already, or is older than five minutes.");
    return std::move(*key);
  }
  if (!http::is_loopback(http::peer_address(request.peer))) {
    throw wrong_login(
        "A secret key is taken from this machine only, since it would travel in the "
        "clear: use the link that `trainyard console` prints.");
  }
  const auto credential = parts_.store.read(
      [&](Txn& txn) { return identity::find_credential(txn, member(login, "accessKeyId")); });
  if (!credential ||
      !equal_in_constant_time(member(login, "secretAccessKey"), credential->secret) ||
      !equal_in_constant_time(member(login, "sessionToken"), credential->session_token)) {
    throw wrong_login("The access key, its secret or its session token is wrong.");
  }
  return credential->access_key;
}

http::Response Gate::log_in(http::Request& request) {
  const Time now = parts_.clock.now();
  if (!sessions_.may_try(now)) {
    throw ApiError("ThrottlingException", 429, "Too many logins have failed: wait a minute.");
  }
  const json::object login = read_object(request);
  std::string key;
  try {
    key = key_of_login(request, login);
  } catch (const ApiError&) {
    sessions_.note_failure(now);
    throw;
  }
  const auto credential =
      parts_.store.read([&](Txn& txn) { return identity::find_credential(txn, key); });
  if (!credential || (credential->expires && *credential->expires <= now)) {
    throw wrong_login("The access key has been deactivated, or has expired.");
  }
  const auto session = sessions_.open(key, credential->expires, now);
  http::Response response =
      reply(200, describe({credential->caller, session.expires}, parts_.site));
  response.headers.set("Set-Cookie",
                       cookie(session.token, std::chrono::duration_cast<std::chrono::seconds>(
                                                 session.expires - now)));
  return response;
}

http::Response Gate::show(const http::Request& request) const {
  return reply(200, describe(visitor(request), parts_.site));
}

http::Response Gate::log_out(const http::Request& request) {
  for (const std::string& token : notebook::cookie_values(request.headers.get("Cookie"), kCookie)) {
    sessions_.close(token);
  }
  http::Response response = reply(200, {});
  response.headers.set("Set-Cookie", cookie("", std::chrono::seconds(0)));
  return response;
}

}  // namespace trainyard::server::console
