#include "services/s3/uploads.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "generated/s3/operations.hpp"
#include "services/s3/checksums.hpp"
#include "services/s3/names.hpp"

namespace trainyard::s3 {
namespace {

json::object checksums_json(const Checksums& checksums) {
  json::object object;
  for (const auto& [algorithm, value] : checksums) object[algorithm] = value;
  return object;
}

Checksums checksums_from(const std::string& text) {
  Checksums checksums;
  json::value parsed = parse_own_json(text);
  for (const auto& member : parsed.as_object()) {
    checksums[member.key()] = to_std(member.value().as_string());
  }
  return checksums;
}

/// Algorithm and type as asked for, or as S3 completes them.
void take_checksum_wish(const CreateMultipartUploadInput& input, Attributes& attributes) {
  if (!input.checksum_algorithm) {
    if (input.checksum_type) {
      throw errors::invalid_request(
          "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm "
          "header.");
    }
    return;
  }
  std::string algorithm = to_lower(*input.checksum_algorithm);
  if (!is_checksum_algorithm(algorithm)) {
    throw errors::invalid_request(
        "Checksum algorithm provided is unsupported. Please try again with any of the valid "
        "types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
  }
  std::string standard = algorithm == "crc64nvme" ? kFullObject : kComposite;
  std::string type = input.checksum_type.value_or(standard);
  bool digest = algorithm == "sha1" || algorithm == "sha256";
  if ((type == kFullObject && digest) || (type == kComposite && algorithm == "crc64nvme") ||
      (type != kFullObject && type != kComposite)) {
    throw errors::invalid_request(
        fmt::format("The {} checksum type cannot be used with the {} checksum algorithm.", type,
                    algorithm));
  }
  attributes.checksum_algorithm = algorithm;
  attributes.checksum_type = type;
}

}  // namespace

StoredUpload require_upload(Txn& txn, const std::string& bucket, const std::string& key,
                            const std::string& id) {
  auto upload = txn.one(
      "SELECT initiated, attributes FROM s3_uploads WHERE id = ? AND bucket = ? AND key = ?",
      [&](const Row& row) {
        return StoredUpload{id, row.time(0),
                            attributes_from(parse_own_json(row.text(1)).as_object())};
      },
      id, bucket, key);
  if (upload) return *upload;
  ApiError error = errors::no_such_upload(
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
      "been aborted or completed.");
  error.fields()["UploadId"] = id;
  throw error;
}

void check_part_number(int number) {
  if (number >= 1 && number <= kPartNumberMax) return;
  throw errors::invalid_argument("Part number must be an integer between 1 and 10000, inclusive");
}

void check_part_checksum(const StoredUpload& upload, const StoredPart& part) {
  const std::string& expected = upload.attributes.checksum_algorithm;
  if (expected.empty() || part.checksums.empty() || part.checksums.contains(expected)) return;
  throw errors::invalid_request(
      fmt::format("Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum "
                  "Type: {}",
                  expected, part.checksums.begin()->first));
}

void put_part(Txn& txn, const std::string& upload, const StoredPart& part, Time now) {
  auto old = txn.one("SELECT size, extents FROM s3_parts WHERE upload = ? AND number = ?",
                     [](const Row& row) {
                       return content_of(static_cast<uint64_t>(row.integer(0)), row.text(1),
                                         std::nullopt);
                     },
                     upload, part.number);
  if (old) release(txn, *old, now);
  txn.exec("INSERT INTO s3_parts(upload, number, size, etag, modified, checksums, extents) "
           "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(upload, number) DO UPDATE SET "
           "size = excluded.size, etag = excluded.etag, modified = excluded.modified, "
           "checksums = excluded.checksums, extents = excluded.extents",
           upload, part.number, part.content.size, part.etag, part.modified,
           dump(checksums_json(part.checksums)), extents_text(part.content));
}

std::vector<StoredPart> parts_of(Txn& txn, const std::string& upload, int after, int limit) {
  std::vector<StoredPart> parts;
  txn.each("SELECT number, size, etag, modified, checksums, extents FROM s3_parts "
           "WHERE upload = ? AND number > ? ORDER BY number LIMIT ?",
           [&](const Row& row) {
             StoredPart part;
             part.number = static_cast<int>(row.integer(0));
             part.etag = row.text(2);
             part.modified = row.time(3);
             part.checksums = checksums_from(row.text(4));
             part.content = content_of(static_cast<uint64_t>(row.integer(1)), row.text(5),
                                       std::nullopt);
             parts.push_back(std::move(part));
           },
           upload, after, limit);
  return parts;
}

void delete_upload(Txn& txn, const std::string& upload) {
  txn.exec("DELETE FROM s3_parts WHERE upload = ?", upload);
  txn.exec("DELETE FROM s3_uploads WHERE id = ?", upload);
}

CreateMultipartUploadOutput create_multipart_upload(Call& call,
                                                    const CreateMultipartUploadInput& input) {
  check_key(input.key);
  refuse_promises(input);
  require_bucket(call.txn, call.site, input.bucket, input.expected_bucket_owner);
  Attributes attributes = attributes_of(input);
  take_checksum_wish(input, attributes);
  // The time first, so that uploads to one key are listed in the order of their beginnings.
  std::string id = fmt::format("{:012x}{}", to_millis(call.now), call.random.hex(36));
  call.txn.exec(
      "INSERT INTO s3_uploads(id, bucket, key, initiated, attributes) VALUES (?, ?, ?, ?, ?)", id,
      input.bucket, input.key, whole_seconds(call.now), dump(to_json(attributes)));
  CreateMultipartUploadOutput output;
  output.bucket = input.bucket;
  output.key = input.key;
  output.upload_id = id;
  if (!attributes.checksum_algorithm.empty()) {
    output.checksum_algorithm = to_upper(attributes.checksum_algorithm);
    output.checksum_type = attributes.checksum_type;
  }
  set_encryption(attributes, output);
  return output;
}

AbortMultipartUploadOutput abort_multipart_upload(Call& call,
                                                  const AbortMultipartUploadInput& input) {
  require_bucket(call.txn, call.site, input.bucket, input.expected_bucket_owner);
  require_upload(call.txn, input.bucket, input.key, input.upload_id);
  for (const StoredPart& part : parts_of(call.txn, input.upload_id, 0, kPartNumberMax)) {
    release(call.txn, part.content, call.now);
  }
  delete_upload(call.txn, input.upload_id);
  return {};
}

}  // namespace trainyard::s3
