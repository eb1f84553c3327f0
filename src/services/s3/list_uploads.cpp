#include "base/text.hpp"
#include "generated/s3/operations.hpp"
#include "services/s3/listing.hpp"
#include "services/s3/uploads.hpp"

namespace trainyard::s3 {
namespace {

constexpr int kPageMax = 1000;

int page_limit(const std::optional<int32_t>& asked, const char* name) {
  if (asked && *asked < 0) {
    throw errors::invalid_argument(std::string("Argument ") + name +
                                   " must be an integer between 0 and 2147483647");
  }
  return std::min(asked.value_or(kPageMax), kPageMax);
}

struct ListedUpload {
  std::string key;
  StoredUpload upload;
};

/// The first upload to a key at or after a place; of the marker's own key only one with a later id.
std::optional<ListedUpload> next_upload(Txn& txn, const std::string& bucket, const Place& place,
                                        const std::string& id) {
  auto map = [](const Row& row) {
    return ListedUpload{row.text(0),
                        {row.text(1), row.time(2),
                         attributes_from(parse_own_json(row.text(3)).as_object())}};
  };
  if (place.inclusive) {
    return txn.one("SELECT key, id, initiated, attributes FROM s3_uploads "
                   "WHERE bucket = ? AND key >= ? ORDER BY key, id LIMIT 1",
                   map, bucket, place.key);
  }
  if (!id.empty()) {
    auto same = txn.one("SELECT key, id, initiated, attributes FROM s3_uploads "
                        "WHERE bucket = ? AND key = ? AND id > ? ORDER BY id LIMIT 1",
                        map, bucket, place.key, id);
    if (same) return same;
  }
  return txn.one("SELECT key, id, initiated, attributes FROM s3_uploads "
                 "WHERE bucket = ? AND key > ? ORDER BY key, id LIMIT 1",
                 map, bucket, place.key);
}

void set_checksum_wish(const Attributes& attributes, auto& output) {
  if (attributes.checksum_algorithm.empty()) return;
  output.checksum_algorithm = to_upper(attributes.checksum_algorithm);
  output.checksum_type = attributes.checksum_type;
}

s3::MultipartUpload shown(const ListedUpload& listed, const NameEncoder& encode,
                          const Site& site) {
  s3::MultipartUpload upload;
  upload.key = encode(listed.key);
  upload.upload_id = listed.upload.id;
  upload.initiated = listed.upload.initiated;
  upload.storage_class = listed.upload.attributes.storage_class;
  upload.owner.emplace().id = owner_id(site);
  upload.initiator.emplace().id = owner_id(site);
  set_checksum_wish(listed.upload.attributes, upload);
  return upload;
}

}  // namespace

ListMultipartUploadsOutput list_multipart_uploads(Call& call,
                                                  const ListMultipartUploadsInput& input) {
  require_bucket(call.txn, call.site, input.bucket, input.expected_bucket_owner);
  NameEncoder encode(input.encoding_type);
  int limit = page_limit(input.max_uploads, "max-uploads");
  ListQuery query{input.prefix.value_or(""), input.delimiter.value_or(""), {}};
  std::string id;
  if (input.key_marker && !input.key_marker->empty()) {
    query.after = shown_marker(query, *input.key_marker);
    if (!query.after->group) id = input.upload_id_marker.value_or("");
  }
  ListMultipartUploadsOutput output;
  output.bucket = input.bucket;
  output.prefix = encode(query.prefix);
  output.key_marker = encode(input.key_marker.value_or(""));
  output.upload_id_marker = input.upload_id_marker.value_or("");
  output.encoding_type = input.encoding_type;
  output.max_uploads = limit;
  output.is_truncated = false;
  if (!query.delimiter.empty()) output.delimiter = encode(query.delimiter);

  Walk walk(query);
  int count = 0;
  for (Shown last; walk.place(); ++count) {
    auto listed = next_upload(call.txn, input.bucket, *walk.place(), id);
    if (!listed || !listed->key.starts_with(query.prefix)) break;
    if (count == limit) {
      output.is_truncated = limit > 0;
      output.next_key_marker = encode(last.name);
      output.next_upload_id_marker = id;
      break;
    }
    last = walk.take(listed->key);
    id = last.group ? "" : listed->upload.id;
    if (last.group) {
      if (!output.common_prefixes) output.common_prefixes.emplace();
      output.common_prefixes->emplace_back().prefix = encode(last.name);
    } else {
      if (!output.uploads) output.uploads.emplace();
      output.uploads->push_back(shown(*listed, encode, call.site));
    }
  }
  return output;
}

ListPartsOutput list_parts(Call& call, const ListPartsInput& input) {
  require_bucket(call.txn, call.site, input.bucket, input.expected_bucket_owner);
  StoredUpload upload = require_upload(call.txn, input.bucket, input.key, input.upload_id);
  int limit = page_limit(input.max_parts, "max-parts");
  int after = std::max(input.part_number_marker.value_or(0), 0);
  auto parts = parts_of(call.txn, upload.id, after, limit + 1);
  ListPartsOutput output;
  output.bucket = input.bucket;
  output.key = input.key;
  output.upload_id = upload.id;
  output.part_number_marker = after;
  output.max_parts = limit;
  output.is_truncated = limit > 0 && static_cast<int>(parts.size()) > limit;
  parts.resize(std::min<std::size_t>(parts.size(), limit));
  output.next_part_number_marker = parts.empty() ? 0 : parts.back().number;
  output.storage_class = upload.attributes.storage_class;
  output.owner.emplace().id = owner_id(call.site);
  output.initiator.emplace().id = owner_id(call.site);
  set_checksum_wish(upload.attributes, output);
  for (const StoredPart& stored : parts) {
    if (!output.parts) output.parts.emplace();
    s3::Part& part = output.parts->emplace_back();
    part.part_number = stored.number;
    part.e_tag = quoted_etag(stored.etag);
    part.size = static_cast<int64_t>(stored.content.size);
    part.last_modified = stored.modified;
    set_checksums(stored.checksums, part);
  }
  return output;
}

}  // namespace trainyard::s3
