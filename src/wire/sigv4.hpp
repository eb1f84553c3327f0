// AWS Signature Version 4 (IAM User Guide, "AWS Signature Version 4 for API requests"): one
// canonicalisation, used by the signer and by the verifier.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "http/message.hpp"

namespace trainyard::wire {

inline constexpr std::chrono::minutes kClockSkewMax{15};
inline constexpr std::chrono::seconds kPresignExpiresMax{604'800};

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view kEmptyPayloadHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct Credentials {
  std::string access_key;
  std::string secret;
  std::string session_token;  // "" for long-term keys
};

struct SigningScope {
  std::string region;
  std::string service;  // the signing name: "sagemaker", "s3"
};

// --- Signing -------------------------------------------------------------------------------------

/// Adds X-Amz-Date, X-Amz-Security-Token (for sessions), X-Amz-Content-SHA256 (for S3) and
/// Authorization. `headers` must hold Host already; host, content-type, content-md5, range and
/// x-amz-* are signed. `target` is path and query as they will be sent. Returns the signature.
std::string sign(const Credentials& credentials, const SigningScope& scope,
                 std::string_view method, std::string_view target, http::Headers& headers,
                 std::string_view payload_hash, Time now);

/// The target with the signature in its query; only `host` is signed. The request has no body, or
/// for S3 any body.
std::string presign(const Credentials& credentials, const SigningScope& scope,
                    std::string_view method, std::string_view host, std::string_view target,
                    std::chrono::seconds expires, Time now);

// --- Verifying -----------------------------------------------------------------------------------

/// What a request claims, taken apart but not believed yet.
struct SignedRequest {
  bool presigned = false;  // the signature stands in the query
  std::string access_key;
  std::string date;        // of the scope: "20261123"
  std::string region;
  std::string service;
  std::string timestamp;   // "20261123T082815Z"
  Time time;
  std::chrono::seconds expires{0};          // presigned
  std::vector<std::string> signed_headers;  // lower case
  std::string signature;
  std::string session_token;
  std::string payload_hash;  // x-amz-content-sha256, "" when not sent
};

/// Whether the request carries any signature (or tries to).
bool has_signature(const http::Request& request);

/// Takes the Authorization header or the query's X-Amz-* parameters apart. ApiError with AWS's
/// codes when there is none or it is malformed; in the words of `service`, the signing name of the
/// one that the request means, where the request names none itself.
SignedRequest parse_authorization(const http::Request& request, std::string_view service);

/// What the key's owner's record says.
struct VerifyingKey {
  std::string secret;
  std::string session_token;
  std::optional<Time> expires;
};

struct VerifyOptions {
  Time now;
  std::string_view region;            // the only one accepted in the scope; "" accepts any
  std::size_t body_max = 8u << 20;    // bodies that are hashed whole, i.e. of all but S3
};

/// Checks everything: scope, time, token, headers covered, signature; then returns the payload as
/// signed. Every form of request goes through here. For S3 the payload is checked while it streams
/// (wire/payload.hpp), and its last piece is given out only when all checks have passed; for other
/// services it has been read and hashed. `request.length` becomes the payload's own length and
/// `aws-chunked` leaves Content-Encoding. The reader uses request.body, which must outlive it.
std::unique_ptr<http::BodyReader> verify(const SignedRequest& claim, http::Request& request,
                                         const VerifyingKey& key, const VerifyOptions& options);

/// The errors of this stage in the service's own spelling (S3, query and JSON services differ).
/// Their status is REST's; serialise_error makes JSON-RPC's of it.
ApiError missing_authentication(std::string_view service);
ApiError unknown_access_key(std::string_view service);

}  // namespace trainyard::wire
