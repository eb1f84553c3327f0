#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "generated/s3/operations.hpp"
#include "services/s3/names.hpp"
#include "services/s3/objects.hpp"

namespace trainyard::s3 {
namespace {

/// A reader may lose the race against whoever replaces the object: it looks again.
constexpr int kLooks = 3;

struct Range {
  uint64_t first = 0, length = 0;

  static Range between(uint64_t first, uint64_t last) { return {first, last - first + 1}; }
};

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

[[noreturn]] void throw_unsatisfiable(const std::string& range, uint64_t size) {
  ApiError error = errors::invalid_range("The requested range is not satisfiable");
  error.fields()["RangeRequested"] = range;
  error.fields()["ActualObjectSize"] = std::to_string(size);
  throw error;
}

/// "bytes=a-b", "bytes=a-", "bytes=-n" (RFC 9110, 14.1.2). Anything else, several ranges too, is
/// ignored, as S3 does.
std::optional<Range> parse_range(const std::string& header, uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return std::nullopt;
  std::string_view text = trim(std::string_view(header).substr(kUnit.size()));
  auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  auto first = number(text.substr(0, dash)), last = number(text.substr(dash + 1));
  if (dash == 0) {
    if (!last) return std::nullopt;
    if (*last == 0 || size == 0) throw_unsatisfiable(header, size);
    return Range::between(size - std::min(*last, size), size - 1);
  }
  bool open = dash + 1 == text.size();
  if (!first || (!open && (!last || *last < *first))) return std::nullopt;
  if (*first >= size) throw_unsatisfiable(header, size);
  return Range::between(*first, open ? size - 1 : std::min(*last, size - 1));
}

/// The bytes of one part of an object that was uploaded in parts (the last may have none); part 1
/// of any other is all of it.
std::optional<Range> part_range(int part, const StoredObject& object) {
  std::vector<uint64_t> sizes = object.attributes.parts;
  if (sizes.empty()) sizes.push_back(object.content.size);
  if (part < 1 || part > static_cast<int>(sizes.size())) {
    throw errors::invalid_part_number("The requested partnumber is not satisfiable");
  }
  if (object.content.size == 0) return std::nullopt;
  uint64_t first = 0;
  for (int i = 0; i < part - 1; ++i) first += sizes[i];
  return Range{first, sizes[part - 1]};
}

template <class Input>
std::optional<Range> asked_range(const Input& input, const StoredObject& object) {
  if (input.range && input.part_number) {
    throw errors::invalid_request(
        "Cannot specify both Range header and partNumber query parameter");
  }
  if (input.part_number) return part_range(*input.part_number, object);
  return input.range ? parse_range(*input.range, object.content.size) : std::nullopt;
}

/// With the fields by which a client refreshes its copy (RFC 9110, 15.4.5).
ApiError not_modified(const StoredObject& object) {
  ApiError error = errors::not_modified();
  error.fields() = {{"ETag", quoted_etag(object.etag)},
                    {"Last-Modified", http_date(object.modified)}};
  return error;
}

/// RFC 9110, 13.2.2, in the order given there.
template <class Input>
void check_conditions(const Input& input, const StoredObject& object) {
  if (input.if_match) {
    if (!etag_matches(*input.if_match, object.etag)) throw errors::precondition_failed("If-Match");
  } else if (input.if_unmodified_since && object.modified > *input.if_unmodified_since) {
    throw errors::precondition_failed("If-Unmodified-Since");
  }
  if (input.if_none_match) {
    if (etag_matches(*input.if_none_match, object.etag)) throw not_modified(object);
  } else if (input.if_modified_since && object.modified <= *input.if_modified_since) {
    throw not_modified(object);
  }
}

template <class Input>
StoredObject look_up(Txn& txn, const Caller& caller, const Site& site, Time now,
                     const Input& input) {
  if (input.sse_customer_algorithm) {
    throw errors::invalid_request(
        "The encryption parameters are not applicable to this object.");
  }
  if (input.version_id) check_version(*input.version_id);
  require_bucket(txn, site, input.bucket, input.expected_bucket_owner);
  auto object = find_object(txn, input.bucket, input.key);
  if (!object) throw_missing_key(txn, site, caller, input.bucket, input.key, now);
  check_conditions(input, *object);
  return std::move(*object);
}

/// What the request wants some headers to say. ApiError InvalidArgument for what no header can.
template <class Input, class Output>
void override_headers(const Input& input, Output& output) {
  auto override_with = [](auto& member, const auto& asked, const char* name) {
    if (!asked) return;
    auto is_control = [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; };
    if (std::any_of(asked->begin(), asked->end(), is_control)) {
      throw errors::invalid_argument("A header's value cannot have control characters", name,
                                     *asked);
    }
    member = *asked;
  };
  override_with(output.cache_control, input.response_cache_control, "response-cache-control");
  override_with(output.content_disposition, input.response_content_disposition,
                "response-content-disposition");
  override_with(output.content_encoding, input.response_content_encoding,
                "response-content-encoding");
  override_with(output.content_language, input.response_content_language,
                "response-content-language");
  override_with(output.content_type, input.response_content_type, "response-content-type");
  if (input.response_expires) output.expires = http_date(*input.response_expires);
}

template <class Output, class Input>
Output headers_of(const Input& input, const StoredObject& object,
                  const std::optional<Range>& range) {
  Output output;
  describe(object.attributes, output);
  output.accept_ranges = "bytes";
  output.e_tag = quoted_etag(object.etag);
  output.last_modified = object.modified;
  output.content_length = static_cast<int64_t>(object.content.size);
  if (range) output.content_length = static_cast<int64_t>(range->length);
  if (range && range->length > 0) {  // no range that could be told is empty
    output.content_range = "bytes " + std::to_string(range->first) + "-" +
                           std::to_string(range->first + range->length - 1) + "/" +
                           std::to_string(object.content.size);
  }
  if (input.part_number && !object.attributes.parts.empty()) {
    output.parts_count = static_cast<int32_t>(object.attributes.parts.size());
  }
  // A checksum of the whole would be taken for the range's.
  if (input.checksum_mode == "ENABLED" && !range) {
    set_checksums(object.attributes.checksums, output);
    if (!object.attributes.checksums.empty()) {
      output.checksum_type = unless_empty(object.attributes.checksum_type);
    }
  }
  override_headers(input, output);
  return output;
}

}  // namespace

GetObjectOutput get_object(StreamCall& call, const GetObjectInput& input) {
  for (int look = 1;; ++look) {
    StoredObject object = call.store.read([&](Txn& txn) {
      return look_up(txn, call.caller, call.site, call.clock.now(), input);
    });
    auto range = asked_range(input, object);
    auto output = headers_of<GetObjectOutput>(input, object, range);
    if (range) object.content = slice(object.content, range->first, range->length);
    try {
      output.body = open(call.blobs, object.content);
      return output;
    } catch (const SystemError&) {
      if (look == kLooks) throw;
    }
  }
}

HeadObjectOutput head_object(Call& call, const HeadObjectInput& input) {
  StoredObject object = look_up(call.txn, call.caller, call.site, call.now, input);
  return headers_of<HeadObjectOutput>(input, object, asked_range(input, object));
}

}  // namespace trainyard::s3
