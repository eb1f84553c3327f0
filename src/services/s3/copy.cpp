// CopyObject and UploadPartCopy: the copy shares the source's blobs, which are counted.
#include <charconv>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "generated/s3/operations.hpp"
#include "services/s3/checksums.hpp"
#include "services/s3/names.hpp"
#include "services/s3/uploads.hpp"
#include "wire/payload.hpp"

namespace trainyard::s3 {
namespace {

constexpr std::size_t kPiece = 256 * 1024;
/// How often a copy begins anew when its source is replaced meanwhile.
constexpr int kTries = 3;

/// Thrown to undo a copy whose source has gone.
struct SourceGone {};

template <class Input>
void check_source(const Input& input, const StoredObject& source) {
  auto fail = [](bool holds, const char* header) {
    if (!holds) throw errors::precondition_failed(header);
  };
  if (input.copy_source_if_match) {
    fail(etag_matches(*input.copy_source_if_match, source.etag), "x-amz-copy-source-If-Match");
  } else if (input.copy_source_if_unmodified_since) {
    fail(source.modified <= *input.copy_source_if_unmodified_since,
         "x-amz-copy-source-If-Unmodified-Since");
  }
  if (input.copy_source_if_none_match) {
    fail(!etag_matches(*input.copy_source_if_none_match, source.etag),
         "x-amz-copy-source-If-None-Match");
  } else if (input.copy_source_if_modified_since) {
    fail(source.modified > *input.copy_source_if_modified_since,
         "x-amz-copy-source-If-Modified-Since");
  }
}

template <class Input>
StoredObject read_source(StreamCall& call, const CopySource& from, const Input& input) {
  if (input.copy_source_sse_customer_algorithm) {
    throw errors::invalid_request("The encryption parameters are not applicable to this object.");
  }
  return call.store.read([&](Txn& txn) {
    Time now = call.clock.now();
    require_bucket(txn, call.site, input.bucket, input.expected_bucket_owner);
    authorise_object(txn, call.site, call.caller, "s3:GetObject", from.bucket, from.key, now);
    require_bucket(txn, call.site, from.bucket, input.expected_source_bucket_owner);
    auto source = find_object(txn, from.bucket, from.key);
    if (!source) throw_missing_key(txn, call.site, call.caller, from.bucket, from.key, now);
    check_source(input, *source);
    return std::move(*source);
  });
}

/// MD5 (raw) of the bytes, and the checksum of that algorithm if one is asked for.
struct Digests {
  std::string md5, checksum;
};
Digests digests_of(StreamCall& call, const Content& content, const std::string& algorithm) {
  Hasher md5(Digest::md5);
  std::vector<PartChecksum> pieces;  // CRCs join; digests need a hasher of their own
  std::optional<Hasher> sha;
  if (algorithm == "sha1") sha.emplace(Digest::sha1);
  if (algorithm == "sha256") sha.emplace(Digest::sha256);
  bool crc = !algorithm.empty() && !sha;
  std::unique_ptr<http::BodyReader> body;
  try {
    body = open(call.blobs, content);
  } catch (const SystemError&) {
    throw SourceGone();
  }
  std::string piece(kPiece, '\0');
  while (std::size_t count = body->read(piece.data(), piece.size())) {
    std::string_view data(piece.data(), count);
    md5.update(data);
    if (sha) sha->update(data);
    if (crc) pieces.push_back({wire::checksum_base64(algorithm, data), count});
  }
  Digests digests{md5.finish(), ""};
  if (sha) digests.checksum = base64(sha->finish());
  if (crc) digests.checksum = whole_checksum(algorithm, pieces);
  return digests;
}

/// Runs `copy` again when its source was replaced under its hands.
template <class Copy>
auto with_tries(Copy copy) {
  for (int left = kTries; left > 0; --left) {
    try {
      return copy();
    } catch (const SourceGone&) {
    }
  }
  throw errors::conditional_request_conflict(
      "The source object was replaced while it was copied. Try again.");
}

bool replaces(const CopyObjectInput& input) { return input.metadata_directive == "REPLACE"; }

void check_copy(const CopyObjectInput& input, const CopySource& from) {
  check_key(input.key);
  refuse_promises(input);
  if (input.metadata_directive && !replaces(input) && *input.metadata_directive != "COPY") {
    throw errors::invalid_argument("Unknown metadata directive.");
  }
  bool same_place = from.bucket == input.bucket && from.key == input.key;
  if (same_place && !replaces(input) && !input.storage_class && !input.website_redirect_location &&
      !input.server_side_encryption) {
    throw errors::invalid_request(
        "This copy request is illegal because it is trying to copy an object to itself without "
        "changing the object's metadata, storage class, website redirect location or encryption "
        "attributes.");
  }
  if (input.checksum_algorithm && !is_checksum_algorithm(to_lower(*input.checksum_algorithm))) {
    throw errors::invalid_request("Checksum algorithm provided is unsupported.");
  }
}

Attributes target_attributes(const CopyObjectInput& input, const StoredObject& source) {
  Attributes asked = attributes_of(input);
  if (replaces(input)) return asked;
  Attributes attributes = source.attributes;
  attributes.storage_class = asked.storage_class;
  attributes.website_redirect_location = asked.website_redirect_location;
  if (input.server_side_encryption) {
    attributes.server_side_encryption = asked.server_side_encryption;
    attributes.kms_key = asked.kms_key;
  }
  return attributes;
}

/// The object that the copy will be: one piece, whatever its source was.
StoredObject make_target(StreamCall& call, const CopyObjectInput& input, StoredObject source) {
  if (source.content.size > kPutBytesMax) {
    throw errors::invalid_request(
        "The specified copy source is larger than the maximum allowable size for a copy source: " +
        std::to_string(kPutBytesMax));
  }
  StoredObject target;
  target.attributes = target_attributes(input, source);
  target.attributes.parts.clear();
  target.attributes.upload.clear();
  target.attributes.checksums.clear();
  target.attributes.checksum_algorithm.clear();
  target.attributes.checksum_type.clear();
  bool whole = source.attributes.checksum_type == kFullObject;
  if (whole) target.attributes.checksums = source.attributes.checksums;
  target.etag = source.etag;
  std::string algorithm = to_lower(input.checksum_algorithm.value_or(""));
  bool known = algorithm.empty() || target.attributes.checksums.contains(algorithm);
  if (!source.attributes.parts.empty() || !known) {
    Digests digests = digests_of(call, source.content, known ? "" : algorithm);
    target.etag = hex(digests.md5);
    if (!known) target.attributes.checksums = {{algorithm, digests.checksum}};
  }
  if (!target.attributes.checksums.empty()) target.attributes.checksum_type = kFullObject;
  target.content = std::move(source.content);
  target.modified = whole_seconds(call.clock.now());
  return target;
}

/// "bytes=a-b" within the source, and nothing else.
Content source_range(const std::optional<std::string>& header, const Content& content) {
  if (!header) return content;
  std::string_view text = *header;
  uint64_t first = 0, last = 0;
  auto dash = text.find('-');
  bool well_formed = text.starts_with("bytes=") && dash != std::string_view::npos;
  auto parse = [&](std::string_view digits, uint64_t& value) {
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  if (!well_formed || !parse(text.substr(6, dash - 6), first) ||
      !parse(text.substr(dash + 1), last) || last < first) {
    throw errors::invalid_argument(
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and "
        "last are the zero-based offsets of the first and last bytes to copy");
  }
  if (last >= content.size) {
    throw errors::invalid_argument("Range specified is not valid for source object of size: " +
                                   std::to_string(content.size));
  }
  return slice(content, first, last - first + 1);
}

/// The bytes as a part has them, never in a row. A small source moves to a blob that no row holds.
Content as_part(StreamCall& call, Content content) {
  if (!content.body) return content;
  std::string body = std::move(*content.body);
  content.body.reset();
  if (body.empty()) return content;
  auto writer = call.blobs.create(call.random);
  writer->write(body);
  content.extents = {{writer->finish(), 0, body.size()}};
  return content;
}

StoredPart copy_part(StreamCall& call, const UploadPartCopyInput& input, const CopySource& from,
                     const StoredUpload& upload) {
  StoredObject source = read_source(call, from, input);
  Content content = source_range(input.copy_source_range, source.content);
  if (content.size > kPutBytesMax) {
    throw errors::entity_too_large("Your proposed upload exceeds the maximum allowed size");
  }
  const std::string& algorithm = upload.attributes.checksum_algorithm;
  Digests digests = digests_of(call, content, algorithm);
  StoredPart part;
  part.number = input.part_number;
  part.etag = hex(digests.md5);
  if (!algorithm.empty()) part.checksums[algorithm] = digests.checksum;
  Time now = call.clock.now();
  part.modified = whole_seconds(now);
  bool fresh = content.body.has_value();
  part.content = as_part(call, std::move(content));
  commit_content(call, part.content, [&](Txn& txn) {
    require_upload(txn, input.bucket, input.key, input.upload_id);
    if (fresh) {
      hold(txn, part.content);
    } else if (!hold_known(txn, part.content)) {
      throw SourceGone();
    }
    put_part(txn, input.upload_id, part, now);
  });
  return part;
}

}  // namespace

CopyObjectOutput copy_object(StreamCall& call, const CopyObjectInput& input) {
  CopySource from = parse_copy_source(input.copy_source);
  check_copy(input, from);
  StoredObject target = with_tries([&] {
    StoredObject object = make_target(call, input, read_source(call, from, input));
    call.store.write([&](Txn& txn) {
      require_bucket(txn, call.site, input.bucket, input.expected_bucket_owner);
      check_write(txn, input.bucket, input.key, {input.if_match, input.if_none_match});
      if (!hold_known(txn, object.content)) throw SourceGone();
      put_row(txn, input.bucket, input.key, object, call.clock.now());
    });
    return object;
  });
  CopyObjectOutput output;
  auto& result = output.copy_object_result.emplace();
  result.e_tag = quoted_etag(target.etag);
  result.last_modified = target.modified;
  set_checksums(target.attributes.checksums, result);
  result.checksum_type = unless_empty(target.attributes.checksum_type);
  set_encryption(target.attributes, output);
  return output;
}

UploadPartCopyOutput upload_part_copy(StreamCall& call, const UploadPartCopyInput& input) {
  check_part_number(input.part_number);
  refuse_promises(input);
  CopySource from = parse_copy_source(input.copy_source);
  StoredUpload upload = call.store.read([&](Txn& txn) {
    require_bucket(txn, call.site, input.bucket, input.expected_bucket_owner);
    return require_upload(txn, input.bucket, input.key, input.upload_id);
  });
  StoredPart part = with_tries([&] { return copy_part(call, input, from, upload); });
  UploadPartCopyOutput output;
  auto& result = output.copy_part_result.emplace();
  result.e_tag = quoted_etag(part.etag);
  result.last_modified = part.modified;
  set_checksums(part.checksums, result);
  set_encryption(upload.attributes, output);
  return output;
}

}  // namespace trainyard::s3
