#include <algorithm>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "wire/payload.hpp"
#include "wire/sigv4.hpp"
#include "wire/sigv4_canonical.hpp"

namespace trainyard::wire {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kSignatureLength = 64;

/// How a service spells the errors of authentication.
enum class Spelling { s3, query, json };

Spelling spelling_of(std::string_view service) {
  if (service == "s3") return Spelling::s3;
  if (service == "iam" || service == "sts" || service == "monitoring") return Spelling::query;
  return Spelling::json;
}

ApiError incomplete(std::string_view service, const std::string& text) {
  switch (spelling_of(service)) {
    case Spelling::s3: return ApiError("AuthorizationHeaderMalformed", 400,
                                       "The authorization header is malformed; " + text);
    case Spelling::query: return ApiError("IncompleteSignature", 400, text);
    case Spelling::json: break;
  }
  return ApiError("IncompleteSignatureException", 400, text);
}

ApiError bad_query(const std::string& text) {
  return ApiError("AuthorizationQueryParametersError", 400, text);
}

ApiError bad_signature(std::string_view service, const std::string& text) {
  return ApiError(spelling_of(service) == Spelling::json ? "InvalidSignatureException"
                                                         : "SignatureDoesNotMatch",
                  403, text);
}

ApiError bad_token(std::string_view service) {
  if (spelling_of(service) == Spelling::s3) {
    return ApiError("InvalidToken", 400,
                    "The provided token is malformed or otherwise invalid.");
  }
  return ApiError(spelling_of(service) == Spelling::query ? "InvalidClientTokenId"
                                                          : "UnrecognizedClientException",
                  403, "The security token included in the request is invalid.");
}

ApiError expired_token(std::string_view service) {
  switch (spelling_of(service)) {
    case Spelling::s3: return ApiError("ExpiredToken", 400, "The provided token has expired.");
    case Spelling::query:
      return ApiError("ExpiredToken", 403, "The security token included in the request is expired");
    case Spelling::json: break;
  }
  return ApiError("ExpiredTokenException", 403,
                  "The security token included in the request is expired");
}

const std::string* find(const Pairs& pairs, std::string_view name) {
  for (const auto& pair : pairs) {
    if (pair.first == name) return &pair.second;
  }
  return nullptr;
}

/// The service that a scope names before anything is known of it: for errors' spelling only.
std::string service_in(std::string_view credential, std::string_view otherwise) {
  std::vector<std::string> parts = split(credential, '/');
  return parts.size() >= 4 ? parts[parts.size() - 2] : std::string(otherwise);
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

/// "AKID/20261123/us-east-1/sagemaker/aws4_request"; false when it has another form.
bool take_credential(std::string_view credential, SignedRequest& claim) {
  std::vector<std::string> parts = split(credential, '/');
  if (parts.size() != 5 || parts[4] != "aws4_request") return false;
  for (const std::string& part : parts) {
    if (part.empty()) return false;
  }
  claim.access_key = parts[0];
  claim.date = parts[1];
  claim.region = parts[2];
  claim.service = parts[3];
  return true;
}

bool take_signed_headers(std::string_view text, SignedRequest& claim) {
  claim.signed_headers = split(text, ';');
  std::vector<std::string>& names = claim.signed_headers;
  for (std::string& name : names) {
    name = to_lower(name);
    if (name.empty()) return false;
  }
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) == names.end();
}

/// The time of the signature: X-Amz-Date, or else Date.
void take_header_time(const http::Request& request, SignedRequest& claim) {
  const std::string* text = request.headers.find("x-amz-date");
  if (text == nullptr) text = request.headers.find("date");
  if (text != nullptr && parse_iso8601_basic(*text, claim.time)) {
    claim.timestamp = *text;
    return;
  }
  if (text != nullptr && parse_http_date(*text, claim.time)) {
    claim.timestamp = iso8601_basic(claim.time);
    return;
  }
  if (claim.service == "s3") {
    throw ApiError("AccessDenied", 403,
                   "AWS authentication requires a valid Date or x-amz-date header");
  }
  throw incomplete(claim.service,
                   "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
                   "header.");
}

SignedRequest parse_header(const http::Request& request, std::string_view header,
                           std::string_view routed) {
  SignedRequest claim;
  std::string_view rest = trim(header.substr(kSigningAlgorithm.size()));
  std::string_view credential, names, signature;
  while (!rest.empty()) {
    std::size_t end = rest.find(',');
    std::string_view piece = trim(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : trim(rest.substr(end + 1));
    std::size_t equals = piece.find('=');
    std::string_view name = piece.substr(0, equals);
    std::string_view value =
        equals == std::string_view::npos ? std::string_view() : piece.substr(equals + 1);
    std::string_view& slot = name == "Credential"      ? credential
                             : name == "SignedHeaders" ? names
                                                       : signature;
    bool known = name == "Credential" || name == "SignedHeaders" || name == "Signature";
    if (!known || !slot.empty() || value.empty()) {
      throw incomplete(service_in(credential, routed),
                       "Authorization header has an invalid part '" + std::string(name) + "'.");
    }
    slot = value;
  }
  const std::string service = service_in(credential, routed);
  for (auto [name, value] : {std::pair{"Credential", credential},
                             {"Signature", signature},
                             {"SignedHeaders", names}}) {
    if (value.empty()) {
      throw incomplete(service, std::string("Authorization header requires '") + name +
                                    "' parameter.");
    }
  }
  if (!take_credential(credential, claim)) {
    throw incomplete(service, "Credential must have exactly 5 slash-delimited elements, e.g. "
                              "keyid/date/region/service/term.");
  }
  if (!take_signed_headers(names, claim)) {
    throw incomplete(service, "SignedHeaders is malformed.");
  }
  claim.signature = signature;
  take_header_time(request, claim);
  claim.session_token = request.headers.get("x-amz-security-token");
  claim.payload_hash = request.headers.get("x-amz-content-sha256");
  return claim;
}

void take_expires(const std::string* text, SignedRequest& claim) {
  constexpr std::size_t kDigitsMax = 9;
  if (text == nullptr) {
    claim.expires = kClockSkewMax;  // as a header signature lives
    return;
  }
  bool digits = !text->empty() && text->size() <= kDigitsMax &&
                text->find_first_not_of("0123456789") == std::string::npos;
  if (!digits) throw bad_query("X-Amz-Expires should be a number");
  claim.expires = std::chrono::seconds(std::stol(*text));
  if (claim.expires > kPresignExpiresMax) {
    throw bad_query(
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires "
        "must be less than 604800 seconds");
  }
}

SignedRequest parse_presigned(const http::Request& request, const Pairs& query) {
  SignedRequest claim;
  claim.presigned = true;
  std::vector<std::string_view> seen;
  for (const auto& [name, value] : query) {
    if (name.rfind("X-Amz-", 0) != 0) continue;
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      throw bad_query("The query parameter " + name + " occurs more than once");
    }
    seen.push_back(name);
  }
  const std::string* algorithm = find(query, "X-Amz-Algorithm");
  const std::string* credential = find(query, "X-Amz-Credential");
  const std::string* signature = find(query, "X-Amz-Signature");
  const std::string* date = find(query, "X-Amz-Date");
  const std::string* names = find(query, "X-Amz-SignedHeaders");
  const std::string* expires = find(query, "X-Amz-Expires");
  const bool for_s3 = credential == nullptr || service_in(*credential, "") == "s3";
  if (!algorithm || !credential || !signature || !date || !names || (for_s3 && !expires)) {
    throw bad_query(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
        "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
  }
  if (*algorithm != kSigningAlgorithm) {
    throw bad_query("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
  }
  if (!take_credential(*credential, claim)) {
    throw bad_query(
        "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "
        "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
  }
  if (!take_signed_headers(*names, claim)) throw bad_query("X-Amz-SignedHeaders is malformed");
  if (!parse_iso8601_basic(*date, claim.time)) {
    throw bad_query("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  }
  claim.timestamp = *date;
  claim.signature = *signature;
  take_expires(expires, claim);
  if (const std::string* token = find(query, "X-Amz-Security-Token")) claim.session_token = *token;
  if (const std::string* hash = find(query, "X-Amz-Content-Sha256")) {
    claim.payload_hash = *hash;
  } else {
    claim.payload_hash = request.headers.get("x-amz-content-sha256");
  }
  if (claim.payload_hash.empty() && claim.service == "s3") {
    claim.payload_hash = kUnsignedPayload;
  }
  return claim;
}

void check_scope(const SignedRequest& claim, const VerifyOptions& options) {
  const bool for_s3 = claim.service == "s3";
  if (!options.region.empty() && claim.region != options.region) {
    const std::string expected(options.region);
    throw for_s3 ? incomplete("s3", "the region '" + claim.region + "' is wrong; expecting '" +
                                        expected + "'")
                 : bad_signature(claim.service,
                                 "Credential should be scoped to a valid region, not '" +
                                     claim.region + "'; this endpoint is '" + expected + "'.");
  }
  if (claim.date != claim.timestamp.substr(0, 8)) {
    throw for_s3 ? incomplete("s3", "Invalid credential date \"" + claim.date +
                                        "\". This date is not the same as X-Amz-Date: \"" +
                                        claim.timestamp.substr(0, 8) + "\".")
                 : bad_signature(claim.service,
                                 "Date in Credential scope does not match YYYYMMDD from ISO-8601 "
                                 "version of date from HTTP: '" + claim.date + "' != '" +
                                     claim.timestamp.substr(0, 8) + "', from '" +
                                     claim.timestamp + "'.");
  }
}

void check_time(const SignedRequest& claim, Time now) {
  const bool for_s3 = claim.service == "s3";
  if (claim.time > now + kClockSkewMax) {
    if (for_s3 && claim.presigned) throw ApiError("AccessDenied", 403, "Request is not yet valid");
    if (!for_s3) {
      throw bad_signature(claim.service, "Signature not yet current: " + claim.timestamp +
                                             " is still later than " +
                                             iso8601_basic(now + kClockSkewMax) + " (" +
                                             iso8601_basic(now) + " + 15 min.)");
    }
  }
  if (claim.presigned && now >= claim.time + claim.expires) {
    if (for_s3) throw ApiError("AccessDenied", 403, "Request has expired");
    throw bad_signature(claim.service, "Signature expired: " + claim.timestamp +
                                           " is now earlier than " +
                                           iso8601_basic(now - claim.expires));
  }
  if (claim.presigned || (claim.time <= now + kClockSkewMax && claim.time + kClockSkewMax >= now)) {
    return;
  }
  if (for_s3) {
    throw ApiError("RequestTimeTooSkewed", 403,
                   "The difference between the request time and the current time is too large.");
  }
  throw bad_signature(claim.service, "Signature expired: " + claim.timestamp +
                                         " is now earlier than " +
                                         iso8601_basic(now - kClockSkewMax) + " (" +
                                         iso8601_basic(now) + " - 15 min.)");
}

void check_token(const SignedRequest& claim, const VerifyingKey& key, Time now) {
  if (!equal_in_constant_time(claim.session_token, key.session_token)) {
    throw bad_token(claim.service);
  }
  if (key.expires && now >= *key.expires) throw expired_token(claim.service);
}

/// `host` and every x-amz-* header must be covered: what is not could be added on the way.
void check_coverage(const SignedRequest& claim, const http::Request& request) {
  auto covered = [&](const std::string& name) {
    return std::binary_search(claim.signed_headers.begin(), claim.signed_headers.end(), name);
  };
  std::string missing = covered("host") ? "" : "host";
  for (const auto& [field, value] : request.headers) {
    if (!missing.empty() || !iequals(std::string_view(field).substr(0, 6), "x-amz-")) continue;
    std::string name = to_lower(field);
    if (!covered(name)) missing = name;
  }
  if (missing.empty()) return;
  ApiError error = claim.service == "s3"
                       ? ApiError("AccessDenied", 403,
                                  "There were headers present in the request which were not signed")
                       : bad_signature(claim.service,
                                       "'" + missing + "' must be a 'SignedHeader' in the AWS "
                                       "Authorization.");
  error.fields()["HeadersNotSigned"] = missing;
  throw error;
}

/// Returns the derived key, from which chunk signatures go on.
std::string check_signature(const SignedRequest& claim, const http::Request& request,
                            const VerifyingKey& key, std::string_view payload_hash) {
  std::string canonical = canonical_request({.method = request.method,
                                             .path = request.path(),
                                             .query = request.query(),
                                             .headers = &request.headers,
                                             .signed_headers = &claim.signed_headers,
                                             .payload_hash = payload_hash,
                                             .service = claim.service});
  std::string text = string_to_sign(
      claim.timestamp, scope_text(claim.date, claim.region, claim.service), canonical);
  std::string derived = signing_key(key.secret, claim.date, claim.region, claim.service);
  if (claim.signature.size() == kSignatureLength && is_hex(claim.signature) &&
      equal_in_constant_time(signature_of(derived, text), claim.signature)) {
    return derived;
  }
  if (claim.service != "s3") {
    throw bad_signature(claim.service,
                        "The request signature we calculated does not match the signature you "
                        "provided. Check your AWS Secret Access Key and signing method. Consult "
                        "the service documentation for details.");
  }
  ApiError error("SignatureDoesNotMatch", 403,
                 "The request signature we calculated does not match the signature you provided. "
                 "Check your key and signing method.");
  error.fields() = {{"AWSAccessKeyId", claim.access_key},
                    {"StringToSign", text},
                    {"SignatureProvided", claim.signature},
                    {"CanonicalRequest", canonical}};
  throw error;
}

}  // namespace

bool has_signature(const http::Request& request) {
  if (request.headers.has("authorization")) return true;
  std::string_view query = request.query();
  return query.find("X-Amz-Signature=") != std::string_view::npos ||
         query.find("X-Amz-Credential=") != std::string_view::npos ||
         query.find("X-Amz-Algorithm=") != std::string_view::npos ||
         query.find("AWSAccessKeyId=") != std::string_view::npos;
}

SignedRequest parse_authorization(const http::Request& request, std::string_view service) {
  auto query = http::parse_query(request.query());
  if (!query) throw ApiError("InvalidURI", 400, "Couldn't parse the specified URI.");
  const bool presigned = find(*query, "X-Amz-Algorithm") || find(*query, "X-Amz-Credential") ||
                         find(*query, "X-Amz-Signature");
  std::vector<std::string> headers = request.headers.all("authorization");
  if (headers.size() + (presigned ? 1 : 0) > 1) {
    throw ApiError("InvalidArgument", 400,
                   "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or "
                   "the Authorization header should be specified");
  }
  if (presigned) return parse_presigned(request, *query);
  std::string_view header = headers.empty() ? std::string_view() : trim(headers[0]);
  if (header.rfind(kSigningAlgorithm, 0) == 0 &&
      (header.size() == kSigningAlgorithm.size() || header[kSigningAlgorithm.size()] == ' ')) {
    return parse_header(request, header, service);
  }
  if (!headers.empty() || find(*query, "AWSAccessKeyId")) {
    throw ApiError("InvalidRequest", 400,
                   "The authorization mechanism you have provided is not supported. Please use "
                   "AWS4-HMAC-SHA256.");
  }
  throw missing_authentication(service);
}

std::unique_ptr<http::BodyReader> verify(const SignedRequest& claim, http::Request& request,
                                         const VerifyingKey& key, const VerifyOptions& options) {
  check_scope(claim, options);
  check_time(claim, options.now);
  check_token(claim, key, options.now);
  check_coverage(claim, request);
  if (claim.service != "s3") {
    std::string body = http::read_all(*request.body, options.body_max);
    check_signature(claim, request, key, sha256_hex(body));
    request.length = body.size();
    return std::make_unique<http::StringBody>(std::move(body));
  }
  if (claim.payload_hash.empty()) {
    throw ApiError("InvalidRequest", 400,
                   "Missing required header for this request: x-amz-content-sha256");
  }
  std::string derived = check_signature(claim, request, key, claim.payload_hash);
  return checked_payload(request, claim.payload_hash,
                         {.key = std::move(derived),
                          .timestamp = claim.timestamp,
                          .scope = scope_text(claim.date, claim.region, claim.service),
                          .seed = claim.signature});
}

ApiError missing_authentication(std::string_view service) {
  switch (spelling_of(service)) {
    case Spelling::s3: return ApiError("AccessDenied", 403, "Access Denied");
    case Spelling::query:
      return ApiError("MissingAuthenticationToken", 403,
                      "Request is missing Authentication Token");
    case Spelling::json: break;
  }
  return ApiError("MissingAuthenticationTokenException", 403, "Missing Authentication Token");
}

ApiError unknown_access_key(std::string_view service) {
  if (spelling_of(service) == Spelling::s3) {
    return ApiError("InvalidAccessKeyId", 403,
                    "The AWS Access Key Id you provided does not exist in our records.");
  }
  return bad_token(service);
}

}  // namespace trainyard::wire
