// CompleteMultipartUpload: the object takes the parts' extents over; no byte is copied.
#include "base/hash.hpp"
#include "generated/s3/operations.hpp"
#include "services/s3/checksums.hpp"
#include "services/s3/uploads.hpp"

namespace trainyard::s3 {
namespace {

void check_list(const std::vector<CompletedPart>& listed) {
  if (listed.empty()) {
    throw errors::malformed_xml(
        "The XML you provided was not well-formed or did not validate against our published "
        "schema");
  }
  int previous = 0;
  for (const CompletedPart& part : listed) {
    int number = part.part_number.value_or(0);
    check_part_number(number);
    if (number <= previous) {
      throw errors::invalid_part_order(
          "The list of parts was not in ascending order. Parts must be ordered by part number.");
    }
    previous = number;
  }
}

/// The stored part that the client lists, with the same ETag and checksum.
void check_part(const CompletedPart& listed, const StoredPart* stored, const std::string& upload) {
  bool same = stored != nullptr && listed.e_tag && etag_matches(*listed.e_tag, stored->etag);
  if (same) {
    for (const auto& [algorithm, value] : checksums_in(listed)) {
      auto known = stored->checksums.find(algorithm);
      same = same && (known == stored->checksums.end() || known->second == value);
    }
  }
  if (same) return;
  ApiError error = errors::invalid_part(
      "One or more of the specified parts could not be found.  The part may not have been "
      "uploaded, or the specified entity tag may not match the part's entity tag.");
  error.fields()["UploadId"] = upload;
  error.fields()["PartNumber"] = std::to_string(listed.part_number.value_or(0));
  throw error;
}

void check_size(const StoredPart& part, bool last) {
  if (last || part.content.size >= kPartBytesMin) return;
  ApiError error =
      errors::entity_too_small("Your proposed upload is smaller than the minimum allowed size");
  error.fields()["ProposedSize"] = std::to_string(part.content.size);
  error.fields()["MinSizeAllowed"] = std::to_string(kPartBytesMin);
  error.fields()["PartNumber"] = std::to_string(part.number);
  error.fields()["ETag"] = part.etag;
  throw error;
}

/// Stored parts in the order of the list; the others are left in `unlisted`.
std::vector<StoredPart> choose_parts(const std::vector<CompletedPart>& listed,
                                     std::vector<StoredPart> stored, const std::string& upload,
                                     std::vector<StoredPart>& unlisted) {
  std::vector<StoredPart> chosen;
  auto next = stored.begin();
  for (const CompletedPart& part : listed) {
    for (; next != stored.end() && next->number < *part.part_number; ++next) {
      unlisted.push_back(std::move(*next));
    }
    bool found = next != stored.end() && next->number == *part.part_number;
    check_part(part, found ? &*next : nullptr, upload);
    chosen.push_back(std::move(*next++));
  }
  for (; next != stored.end(); ++next) unlisted.push_back(std::move(*next));
  for (const StoredPart& part : chosen) check_size(part, &part == &chosen.back());
  return chosen;
}

/// The object's own checksum, when every part has one.
void set_object_checksum(const std::vector<StoredPart>& parts, Attributes& attributes) {
  const std::string& algorithm = attributes.checksum_algorithm;
  std::vector<PartChecksum> sums;
  for (const StoredPart& part : parts) {
    auto known = part.checksums.find(algorithm);
    if (known == part.checksums.end()) {
      attributes.checksum_type.clear();
      return;
    }
    sums.push_back({known->second, part.content.size});
  }
  attributes.checksums[algorithm] = attributes.checksum_type == kFullObject
                                        ? whole_checksum(algorithm, sums)
                                        : composite_checksum(algorithm, sums);
}

/// What the client says of the whole must hold; a composite may come without its "-N".
void check_object(const CompleteMultipartUploadInput& input, const StoredObject& object) {
  if (input.mpu_object_size &&
      static_cast<uint64_t>(*input.mpu_object_size) != object.content.size) {
    throw errors::invalid_request(
        "The provided 'x-amz-mp-object-size' header value " +
        std::to_string(*input.mpu_object_size) + " does not match what was computed: " +
        std::to_string(object.content.size));
  }
  for (const auto& [algorithm, value] : checksums_in(input)) {
    auto known = object.attributes.checksums.find(algorithm);
    if (known == object.attributes.checksums.end()) continue;
    const std::string& computed = known->second;
    if (value == computed || value == computed.substr(0, computed.find('-'))) continue;
    throw errors::bad_digest("The " + algorithm + " you specified did not match the calculated "
                             "checksum.");
  }
}

StoredObject assemble(const CompleteMultipartUploadInput& input, const StoredUpload& upload,
                      std::vector<StoredPart>& parts, Time now) {
  StoredObject object;
  object.attributes = upload.attributes;
  object.attributes.upload = upload.id;
  object.modified = whole_seconds(now);
  std::string digests;
  for (StoredPart& part : parts) {
    digests += unhex(part.etag).value();
    object.content.size += part.content.size;
    object.attributes.parts.push_back(part.content.size);
    for (const Extent& extent : part.content.extents) object.content.extents.push_back(extent);
  }
  if (object.content.size > kObjectBytesMax) {
    throw errors::entity_too_large("Your proposed upload exceeds the maximum allowed size");
  }
  object.etag = hex(digest(Digest::md5, digests)) + "-" + std::to_string(parts.size());
  set_object_checksum(parts, object.attributes);
  check_object(input, object);
  return object;
}

StoredObject complete(Txn& txn, const CompleteMultipartUploadInput& input, Time now) {
  StoredUpload upload = require_upload(txn, input.bucket, input.key, input.upload_id);
  check_write(txn, input.bucket, input.key, {input.if_match, input.if_none_match});
  std::vector<StoredPart> unlisted;
  std::vector<StoredPart> parts =
      choose_parts(*input.multipart_upload->parts, parts_of(txn, upload.id, 0, kPartNumberMax),
                   upload.id, unlisted);
  StoredObject object = assemble(input, upload, parts, now);
  for (const StoredPart& part : unlisted) release(txn, part.content, now);
  delete_upload(txn, upload.id);
  put_row(txn, input.bucket, input.key, object, now);  // the parts' holds are the object's now
  return object;
}

}  // namespace

CompleteMultipartUploadOutput complete_multipart_upload(StreamCall& call,
                                                        const CompleteMultipartUploadInput& input) {
  if (!input.multipart_upload || !input.multipart_upload->parts) check_list({});
  check_list(*input.multipart_upload->parts);
  StoredObject object = call.store.write([&](Txn& txn) {
    require_bucket(txn, call.site, input.bucket, input.expected_bucket_owner);
    // A client that did not hear the answer asks again: the same object is the same answer.
    auto known = find_object(txn, input.bucket, input.key);
    bool again = known && !known->attributes.upload.empty() &&
                 known->attributes.upload == input.upload_id;
    if (again) return *known;
    return complete(txn, input, call.clock.now());
  });
  CompleteMultipartUploadOutput output;
  output.location = call.site.url + "/" + input.bucket + "/" + percent_encode(input.key, true);
  output.bucket = input.bucket;
  output.key = input.key;
  output.e_tag = quoted_etag(object.etag);
  set_checksums(object.attributes.checksums, output);
  output.checksum_type = unless_empty(object.attributes.checksum_type);
  set_encryption(object.attributes, output);
  return output;
}

}  // namespace trainyard::s3
