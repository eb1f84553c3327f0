#include <algorithm>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "wire/sigv4.hpp"
#include "wire/sigv4_canonical.hpp"

namespace trainyard::wire {
namespace {

/// Headers that proxies do not touch; everything else may change on the way.
bool is_signed_header(const std::string& name) {
  return name == "host" || name == "content-type" || name == "content-md5" || name == "range" ||
         name.rfind("x-amz-", 0) == 0;
}

std::pair<std::string_view, std::string_view> split_target(std::string_view target) {
  std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

}  // namespace

std::string sign(const Credentials& credentials, const SigningScope& scope,
                 std::string_view method, std::string_view target, http::Headers& headers,
                 std::string_view payload_hash, Time now) {
  const std::string timestamp = iso8601_basic(now);
  headers.set("X-Amz-Date", timestamp);
  if (!credentials.session_token.empty()) {
    headers.set("X-Amz-Security-Token", credentials.session_token);
  }
  if (scope.service == "s3") headers.set("X-Amz-Content-SHA256", std::string(payload_hash));

  std::vector<std::string> names;
  for (const auto& [field, value] : headers) {
    std::string name = to_lower(field);
    if (is_signed_header(name)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());

  auto [path, query] = split_target(target);
  const std::string date = timestamp.substr(0, 8);
  const std::string scope_of_key = scope_text(date, scope.region, scope.service);
  std::string canonical = canonical_request({.method = method,
                                             .path = path,
                                             .query = query,
                                             .headers = &headers,
                                             .signed_headers = &names,
                                             .payload_hash = payload_hash,
                                             .service = scope.service});
  std::string key = signing_key(credentials.secret, date, scope.region, scope.service);
  std::string signature = signature_of(key, string_to_sign(timestamp, scope_of_key, canonical));
  headers.set("Authorization", std::string(kSigningAlgorithm) + " Credential=" +
                                   credentials.access_key + "/" + scope_of_key +
                                   ", SignedHeaders=" + join(names, ";") +
                                   ", Signature=" + signature);
  return signature;
}

std::string presign(const Credentials& credentials, const SigningScope& scope,
                    std::string_view method, std::string_view host, std::string_view target,
                    std::chrono::seconds expires, Time now) {
  auto [path, query] = split_target(target);
  const std::string timestamp = iso8601_basic(now);
  const std::string date = timestamp.substr(0, 8);
  const std::string scope_of_key = scope_text(date, scope.region, scope.service);
  std::string signed_query(query);
  auto add = [&](std::string_view name, std::string_view value) {
    if (!signed_query.empty()) signed_query += '&';
    signed_query.append(name).append("=").append(percent_encode(value));
  };
  add("X-Amz-Algorithm", kSigningAlgorithm);
  add("X-Amz-Credential", credentials.access_key + "/" + scope_of_key);
  add("X-Amz-Date", timestamp);
  add("X-Amz-Expires", std::to_string(expires.count()));
  if (!credentials.session_token.empty()) add("X-Amz-Security-Token", credentials.session_token);
  add("X-Amz-SignedHeaders", "host");

  http::Headers headers;
  headers.add("host", std::string(host));
  const std::vector<std::string> names{"host"};
  std::string canonical = canonical_request(
      {.method = method,
       .path = path,
       .query = signed_query,
       .headers = &headers,
       .signed_headers = &names,
       .payload_hash = scope.service == "s3" ? kUnsignedPayload : kEmptyPayloadHash,
       .service = scope.service});
  std::string key = signing_key(credentials.secret, date, scope.region, scope.service);
  std::string signature = signature_of(key, string_to_sign(timestamp, scope_of_key, canonical));
  return std::string(path) + "?" + signed_query + "&X-Amz-Signature=" + signature;
}

}  // namespace trainyard::wire
