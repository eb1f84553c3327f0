// The parts of Signature Version 4 that signer and verifier share.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.hpp"

namespace trainyard::wire {

inline constexpr std::string_view kSigningAlgorithm = "AWS4-HMAC-SHA256";

struct CanonicalInput {
  std::string_view method;
  std::string_view path;   // as sent
  std::string_view query;  // as sent; a presigned request's X-Amz-Signature is left out
  const http::Headers* headers;
  const std::vector<std::string>* signed_headers;  // lower case, sorted
  std::string_view payload_hash;
  std::string_view service;
};

/// ApiError InvalidURI 400 when path or query have malformed escapes.
std::string canonical_request(const CanonicalInput& input);

/// "20261123/us-east-1/s3/aws4_request"
std::string scope_text(std::string_view date, std::string_view region, std::string_view service);

std::string string_to_sign(std::string_view timestamp, std::string_view scope,
                           std::string_view canonical_request);

/// Raw bytes. The last keys are remembered: a day's requests of one caller share theirs.
std::string signing_key(std::string_view secret, std::string_view date, std::string_view region,
                        std::string_view service);

std::string signature_of(std::string_view key, std::string_view string_to_sign);

}  // namespace trainyard::wire
