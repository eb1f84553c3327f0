#include "base/hash.hpp"
#include "generated/s3/operations.hpp"
#include "services/s3/names.hpp"
#include "services/s3/objects.hpp"
#include "services/s3/uploads.hpp"
#include "wire/payload.hpp"

namespace trainyard::s3 {
namespace {

/// The checksums that the payload's reader has verified. (boto sends one, of its own choice.)
Checksums verified(const std::shared_ptr<http::BodyReader>& body) {
  Checksums checksums;
  if (body == nullptr) return checksums;
  for (const auto& [algorithm, value] : wire::verified_checksums(*body)) {
    checksums[algorithm] = value;
  }
  return checksums;
}

}  // namespace

PutObjectOutput put_object(StreamCall& call, const PutObjectInput& input) {
  check_key(input.key);
  refuse_promises(input);
  StoredObject object;
  object.attributes = attributes_of(input);
  WriteConditions conditions{input.if_match, input.if_none_match};
  // What would be refused at the end is refused before the body is read, too.
  call.store.read([&](Txn& txn) {
    require_bucket(txn, call.site, input.bucket, input.expected_bucket_owner);
    check_write(txn, input.bucket, input.key, conditions);
  });
  Received received = receive(call, input.body.get(), true, input.content_md5);
  object.content = std::move(received.content);
  object.etag = hex(received.md5);
  object.attributes.checksums = verified(input.body);
  if (!object.attributes.checksums.empty()) object.attributes.checksum_type = kFullObject;
  Time now = call.clock.now();
  object.modified = whole_seconds(now);
  commit_content(call, object.content, [&](Txn& txn) {
    require_bucket(txn, call.site, input.bucket, input.expected_bucket_owner);
    check_write(txn, input.bucket, input.key, conditions);
    hold(txn, object.content);
    put_row(txn, input.bucket, input.key, object, now);
  });
  PutObjectOutput output;
  output.e_tag = quoted_etag(object.etag);
  set_checksums(object.attributes.checksums, output);
  output.checksum_type = unless_empty(object.attributes.checksum_type);
  set_encryption(object.attributes, output);
  return output;
}

UploadPartOutput upload_part(StreamCall& call, const UploadPartInput& input) {
  check_part_number(input.part_number);
  refuse_promises(input);
  StoredUpload upload = call.store.read([&](Txn& txn) {
    require_bucket(txn, call.site, input.bucket, input.expected_bucket_owner);
    return require_upload(txn, input.bucket, input.key, input.upload_id);
  });
  Received received = receive(call, input.body.get(), false, input.content_md5);
  StoredPart part;
  part.number = input.part_number;
  part.etag = hex(received.md5);
  part.content = std::move(received.content);
  part.checksums = verified(input.body);
  Time now = call.clock.now();
  part.modified = whole_seconds(now);
  commit_content(call, part.content, [&](Txn& txn) {
    check_part_checksum(require_upload(txn, input.bucket, input.key, input.upload_id), part);
    hold(txn, part.content);
    put_part(txn, input.upload_id, part, now);
  });
  UploadPartOutput output;
  output.e_tag = quoted_etag(part.etag);
  set_checksums(part.checksums, output);
  set_encryption(upload.attributes, output);
  return output;
}

}  // namespace trainyard::s3
