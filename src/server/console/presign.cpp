#include "server/console/presign.hpp"

#include <fmt/format.h>

#include "base/hash.hpp"
#include "identity/identity.hpp"
#include "server/console/replies.hpp"
#include "wire/sigv4.hpp"

namespace trainyard::server::console {
namespace {

constexpr int64_t kSecondsDefault = 3600;

ApiError invalid(std::string what) {
  return ApiError("InvalidParameterException", 400, std::move(what));
}

std::string text_of(const json::object& body, std::string_view name) {
  const auto text = find_string(body, name);
  if (!text || text->empty()) throw invalid(fmt::format("{} must be a text.", name));
  return *text;
}

std::chrono::seconds life_of(const json::object& body) {
  const json::value* given = find(body, "seconds");
  if (given == nullptr) return std::chrono::seconds(kSecondsDefault);
  const int64_t seconds = given->is_int64() ? given->get_int64() : 0;
  if (seconds < 1 || seconds > kPresignedMax.count()) {
    throw invalid(fmt::format("seconds must be from 1 to {}.", kPresignedMax.count()));
  }
  return std::chrono::seconds(seconds);
}

}  // namespace

json::object presign_object(const Parts& parts, const Caller& caller, http::Request& request) {
  const json::object body = read_object(request);
  std::string target = "/" + percent_encode(text_of(body, "bucket")) + "/" +
                       percent_encode(text_of(body, "key"), true);
  const json::value* attached = find(body, "attachment");
  if (attached != nullptr && attached->is_bool() && attached->get_bool()) {
    target += "?response-content-disposition=attachment";
  }
  const auto credential = parts.store.read(
      [&](Txn& txn) { return identity::find_credential(txn, caller.access_key); });
  if (!credential) throw ApiError("ExpiredTokenException", 401, "The session's key is gone.");
  const std::string host = request.headers.get("Host");
  const wire::Credentials signer{credential->access_key, credential->secret,
                                 credential->session_token};
  return {{"url", fmt::format("http://{}{}", host,
                              wire::presign(signer, {parts.site.region, "s3"}, "GET", host, target,
                                            life_of(body), parts.clock.now()))}};
}

}  // namespace trainyard::server::console
