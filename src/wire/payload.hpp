// Request payloads of S3: checked while they stream, in bounded memory, against
// x-amz-content-sha256 (all its forms), Content-MD5 and the x-amz-checksum-* family.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace trainyard::wire {

/// A checksum that the client sent and that the payload has.
struct Checksum {
  std::string algorithm;  // "crc32", "crc32c", "crc64nvme", "sha1", "sha256"
  std::string value;      // base64, as in x-amz-checksum-…
};

/// What chunk signatures are chained from.
struct ChunkSigning {
  std::string key;        // the derived signing key, raw bytes
  std::string timestamp;  // "20261123T082815Z"
  std::string scope;      // "20261123/us-east-1/s3/aws4_request"
  std::string seed;       // the request's signature
};

/// Wraps `request.body`. `payload_hash` is what the signature covered. Changes `request` as
/// verify() says. ApiError 400 for headers that make no sense; the reader throws
/// XAmzContentSHA256Mismatch, SignatureDoesNotMatch, BadDigest, IncompleteBody or
/// MalformedTrailerError. Without a body all checks are made at once.
std::unique_ptr<http::BodyReader> checked_payload(http::Request& request,
                                                  std::string_view payload_hash,
                                                  const ChunkSigning& signing);

/// After the end: the checksums that were verified, from headers or trailer. Empty for readers that
/// checked_payload() has not made.
std::vector<Checksum> verified_checksums(const http::BodyReader& body);

/// "" for an algorithm that S3 does not have; otherwise the base64 checksum of `data`.
std::string checksum_base64(std::string_view algorithm, std::string_view data);

}  // namespace trainyard::wire
