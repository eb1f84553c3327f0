#include "server/role_sessions.hpp"

#include <charconv>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "identity/identity.hpp"
#include "identity/roles.hpp"
#include "server/authorise.hpp"
#include "server/pipeline.hpp"
#include "services/sagemaker/roles.hpp"

namespace trainyard::server {
namespace {

constexpr int64_t kDurationDefault = 3600;  // seconds
constexpr int64_t kDurationMin = 900;

http::Response reply(int status, const json::object& body) {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = dump(body) + "\n";
  return response;
}

struct Wanted {
  std::string role;
  int64_t duration = kDurationDefault;
};

Wanted parse_target(const http::Request& request) {
  Wanted wanted;
  auto parts = split(request.path().substr(kRolesPath.size()), '/');
  auto name = parts.size() == 2 && parts[1] == "session" ? percent_decode(parts[0]) : std::nullopt;
  if (!name || name->empty()) throw ApiError("NoSuchPath", 404, "no such path");
  wanted.role = *name;
  auto query = http::parse_query(request.query());
  if (!query) throw ApiError("ValidationError", 400, "The query cannot be read.");
  for (const auto& [key, value] : *query) {
    if (key != "duration") continue;
    auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), wanted.duration);
    if (error != std::errc() || end != value.data() + value.size()) {
      throw ApiError("ValidationError", 400, "The duration is no number of seconds: " + value);
    }
  }
  return wanted;
}

identity::Credential open_session(const Parts& parts, Txn& txn, const Caller& caller,
                                  const Wanted& wanted) {
  const Time now = parts.clock.now();
  const std::string arn = identity::canonical_arn(
      txn, fmt::format("arn:aws:iam::{}:role/{}", parts.site.account, wanted.role));
  authorise_pass_role(txn, caller, arn, sagemaker::kPrincipal,
                      call_context(caller, parts.site.region), "AccessDenied", 403, now);
  auto role = identity::find_role(txn, wanted.role);
  if (!role) {
    throw ApiError("NoSuchEntity", 404,
                   fmt::format("The role with name {} cannot be found.", wanted.role));
  }
  if (wanted.duration < kDurationMin || wanted.duration > role->session_max) {
    throw ApiError("ValidationError", 400,
                   fmt::format("The duration must be from {} to {} seconds, the role's "
                               "MaxSessionDuration.",
                               kDurationMin, role->session_max));
  }
  identity::SessionRequest session;
  session.role_arn = role->arn;
  session.session_name = sagemaker::kSessionName;
  session.service = sagemaker::kPrincipal;
  session.duration = std::chrono::seconds(wanted.duration);
  try {
    return identity::open_session(txn, session, parts.random, now);
  } catch (const ApiError& error) {
    throw ApiError(error.code(), error.http_status(),
                   fmt::format("{}; the role's trust policy must let {} assume it.",
                               error.message(), sagemaker::kPrincipal));
  }
}

}  // namespace

http::Response issue_role_session(const Parts& parts, Pipeline& pipeline, http::Request& request) {
  try {
    Wanted wanted = parse_target(request);
    Caller caller = pipeline.authenticate_signed(request, "sts");
    identity::Credential session = parts.store.write(
        [&](Txn& txn) { return open_session(parts, txn, caller, wanted); });
    return reply(200, {{"Version", 1},
                       {"AccessKeyId", session.access_key},
                       {"SecretAccessKey", session.secret},
                       {"SessionToken", session.session_token},
                       {"Expiration", iso8601_seconds(*session.expires)}});
  } catch (const ApiError& error) {
    return reply(error.http_status(), {{"code", error.code()}, {"message", error.message()}});
  }
}

}  // namespace trainyard::server
