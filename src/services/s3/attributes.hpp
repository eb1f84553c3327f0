// What an object carries beside its bytes. Kept as JSON in its row: it is only ever read whole.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "services/s3/errors.hpp"

namespace trainyard::s3 {

inline constexpr const char* kDefaultContentType = "binary/octet-stream";
inline constexpr const char* kFullObject = "FULL_OBJECT";
inline constexpr const char* kComposite = "COMPOSITE";

/// By algorithm ("crc32", …), base64; of multipart objects "base64-N" when the type is COMPOSITE.
using Checksums = std::map<std::string, std::string>;

struct Attributes {
  std::string content_type = kDefaultContentType;
  std::string cache_control, content_disposition, content_encoding, content_language;
  std::string expires;  // any text, as S3 takes it
  std::string website_redirect_location, server_side_encryption, kms_key;
  std::string storage_class = "STANDARD";
  std::map<std::string, std::string> metadata;
  std::string checksum_algorithm;  // what the client wants its multipart upload checked by
  std::string checksum_type;       // FULL_OBJECT, COMPOSITE or ""
  Checksums checksums;
  std::vector<uint64_t> parts;  // sizes; empty unless it was uploaded in parts
  std::string upload;           // the upload that made it
};

json::object to_json(const Attributes& attributes);
Attributes attributes_from(const json::object& stored);

/// ApiError InvalidStorageClass or InvalidArgument for a storage class or an encryption that
/// general purpose buckets do not have.
void check_storage(const Attributes& attributes);

/// ApiError MetadataTooLarge past 2 KiB of names and values.
void check_metadata(const std::map<std::string, std::string>& metadata);

/// ApiError AccessControlListNotSupported for what gives rights to others: as in buckets whose
/// owner is enforced, AWS's default, policies alone decide.
template <class Input>
void check_acl(const Input& input) {
  bool own = !input.acl || *input.acl == "private" || *input.acl == "bucket-owner-full-control";
  bool grants = input.grant_full_control || input.grant_read || input.grant_read_acp ||
                input.grant_write_acp;
  if (!own || grants) throw errors::acl_not_supported();
}

/// ApiError NotImplemented for what would be promised and not kept: customer keys, tags, locks.
template <class Input>
void refuse_promises(const Input& input) {
  auto refuse = [](bool given, const char* header) {
    if (!given) return;
    ApiError error = errors::not_implemented(
        "A header you provided implies functionality that is not implemented");
    error.fields()["Header"] = header;
    throw error;
  };
  refuse(input.sse_customer_algorithm.has_value() || input.sse_customer_key.has_value(),
         "x-amz-server-side-encryption-customer-algorithm");
  if constexpr (requires { input.acl; }) check_acl(input);
  if constexpr (requires { input.tagging; }) {
    refuse(input.tagging && !input.tagging->empty(), "x-amz-tagging");
    refuse(input.object_lock_mode || input.object_lock_legal_hold_status,
           "x-amz-object-lock-mode");
  }
  if constexpr (requires { input.write_offset_bytes; }) {
    refuse(input.write_offset_bytes.has_value(), "x-amz-write-offset-bytes");
  }
}

/// From a PutObject, CopyObject or CreateMultipartUpload request.
template <class Input>
Attributes attributes_of(const Input& input) {
  Attributes attributes;
  auto take = [](std::string& to, const std::optional<std::string>& from) {
    if (from && !from->empty()) to = *from;
  };
  take(attributes.content_type, input.content_type);
  take(attributes.cache_control, input.cache_control);
  take(attributes.content_disposition, input.content_disposition);
  take(attributes.content_encoding, input.content_encoding);
  take(attributes.content_language, input.content_language);
  take(attributes.expires, input.expires);
  take(attributes.website_redirect_location, input.website_redirect_location);
  take(attributes.server_side_encryption, input.server_side_encryption);
  take(attributes.kms_key, input.ssekms_key_id);
  take(attributes.storage_class, input.storage_class);
  check_storage(attributes);
  if (input.metadata) attributes.metadata = *input.metadata;
  check_metadata(attributes.metadata);
  return attributes;
}

inline std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

template <class Output>
void set_encryption(const Attributes& attributes, Output& output) {
  output.server_side_encryption = unless_empty(attributes.server_side_encryption);
  output.ssekms_key_id = unless_empty(attributes.kms_key);
}

template <class Output>
void set_checksums(const Checksums& checksums, Output& output) {
  for (const auto& [algorithm, value] : checksums) {
    if (algorithm == "crc32") output.checksum_crc32 = value;
    if (algorithm == "crc32c") output.checksum_crc32_c = value;
    if (algorithm == "crc64nvme") output.checksum_crc64_nvme = value;
    if (algorithm == "sha1") output.checksum_sha1 = value;
    if (algorithm == "sha256") output.checksum_sha256 = value;
  }
}

/// The members of that kind which are set.
template <class Input>
Checksums checksums_in(const Input& input) {
  Checksums found;
  auto take = [&](const char* algorithm, const std::optional<std::string>& value) {
    if (value) found[algorithm] = *value;
  };
  take("crc32", input.checksum_crc32);
  take("crc32c", input.checksum_crc32_c);
  take("crc64nvme", input.checksum_crc64_nvme);
  take("sha1", input.checksum_sha1);
  take("sha256", input.checksum_sha256);
  return found;
}

/// GetObject's and HeadObject's headers.
template <class Output>
void describe(const Attributes& attributes, Output& output) {
  output.content_type = attributes.content_type;
  output.cache_control = unless_empty(attributes.cache_control);
  output.content_disposition = unless_empty(attributes.content_disposition);
  output.content_encoding = unless_empty(attributes.content_encoding);
  output.content_language = unless_empty(attributes.content_language);
  output.expires = unless_empty(attributes.expires);
  output.website_redirect_location = unless_empty(attributes.website_redirect_location);
  if (attributes.storage_class != "STANDARD") output.storage_class = attributes.storage_class;
  if (!attributes.metadata.empty()) output.metadata = attributes.metadata;
  set_encryption(attributes, output);
}

}  // namespace trainyard::s3
