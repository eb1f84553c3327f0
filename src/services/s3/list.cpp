#include "base/hash.hpp"
#include "generated/s3/operations.hpp"
#include "services/paging.hpp"
#include "services/s3/listing.hpp"
#include "services/s3/objects.hpp"

namespace trainyard::s3 {
namespace {

constexpr int kKeysPageMax = 1000;
constexpr const char* kTokenWrong = "The continuation token provided is incorrect";

struct Listed {
  std::string key, etag, storage_class;
  int64_t size = 0;
  Time modified;
};

/// The first object at or after a place.
std::optional<Listed> next_object(Txn& txn, const std::string& bucket, const Place& place) {
  auto map = [](const Row& row) {
    return Listed{row.text(0), row.text(2), row.text(4), row.integer(1), row.time(3)};
  };
  // Two texts, so that each is one range of the index.
  return place.inclusive
             ? txn.one("SELECT key, size, etag, modified, storage_class FROM s3_objects "
                       "WHERE bucket = ? AND key >= ? ORDER BY key LIMIT 1",
                       map, bucket, place.key)
             : txn.one("SELECT key, size, etag, modified, storage_class FROM s3_objects "
                       "WHERE bucket = ? AND key > ? ORDER BY key LIMIT 1",
                       map, bucket, place.key);
}

struct Page {
  std::vector<Listed> objects;
  std::vector<std::string> groups;
  bool more = false;
  Shown last;
};

Page list(Txn& txn, const std::string& bucket, const ListQuery& query, int limit) {
  Page page;
  Walk walk(query);
  while (auto place = walk.place()) {
    auto object = next_object(txn, bucket, *place);
    if (!object || !object->key.starts_with(query.prefix)) break;
    if (static_cast<int>(page.objects.size() + page.groups.size()) == limit) {
      page.more = limit > 0;
      break;
    }
    page.last = walk.take(object->key);
    if (page.last.group) {
      page.groups.push_back(page.last.name);
    } else {
      page.objects.push_back(std::move(*object));
    }
  }
  return page;
}

int page_limit(const std::optional<int32_t>& asked) {
  if (asked && *asked < 0) {
    throw errors::invalid_argument("Argument maxKeys must be an integer between 0 and 2147483647");
  }
  return std::min(asked.value_or(kKeysPageMax), kKeysPageMax);
}

s3::Object shown(const Listed& listed, const NameEncoder& encode, const std::string& owner) {
  s3::Object object;
  object.key = encode(listed.key);
  object.size = listed.size;
  object.e_tag = quoted_etag(listed.etag);
  object.last_modified = listed.modified;
  object.storage_class = listed.storage_class;
  if (!owner.empty()) object.owner.emplace().id = owner;
  return object;
}

/// What both versions of the operation answer alike.
template <class Output>
void fill(Output& output, const Page& page, const NameEncoder& encode, const std::string& owner) {
  output.is_truncated = page.more;
  if (!page.objects.empty()) {
    auto& contents = output.contents.emplace();
    for (const Listed& object : page.objects) contents.push_back(shown(object, encode, owner));
  }
  if (!page.groups.empty()) {
    auto& groups = output.common_prefixes.emplace();
    for (const std::string& group : page.groups) groups.emplace_back().prefix = encode(group);
  }
}

template <class Output, class Input>
Output begin_answer(const Input& input, const NameEncoder& encode, int limit) {
  Output output;
  output.name = input.bucket;
  output.prefix = encode(input.prefix.value_or(""));
  if (input.delimiter && !input.delimiter->empty()) output.delimiter = encode(*input.delimiter);
  output.max_keys = limit;
  output.encoding_type = input.encoding_type;
  return output;
}

}  // namespace

ListObjectsOutput list_objects(Call& call, const ListObjectsInput& input) {
  require_bucket(call.txn, call.site, input.bucket, input.expected_bucket_owner);
  NameEncoder encode(input.encoding_type);
  int limit = page_limit(input.max_keys);
  ListQuery query{input.prefix.value_or(""), input.delimiter.value_or(""), {}};
  if (input.marker && !input.marker->empty()) query.after = shown_marker(query, *input.marker);
  Page page = list(call.txn, input.bucket, query, limit);
  auto output = begin_answer<ListObjectsOutput>(input, encode, limit);
  output.marker = encode(input.marker.value_or(""));
  fill(output, page, encode, owner_id(call.site));
  // Without a delimiter clients go on from the last key (Amazon S3 API Reference, "ListObjects").
  if (page.more && !query.delimiter.empty()) output.next_marker = encode(page.last.name);
  return output;
}

ListObjectsV2Output list_objects_v2(Call& call, const ListObjectsV2Input& input) {
  require_bucket(call.txn, call.site, input.bucket, input.expected_bucket_owner);
  NameEncoder encode(input.encoding_type);
  int limit = page_limit(input.max_keys);
  ListQuery query{input.prefix.value_or(""), input.delimiter.value_or(""), {}};
  std::string listing = "s3:ListObjectsV2:" + input.bucket + ":" +
                        percent_encode(query.prefix) + ":" + percent_encode(query.delimiter);
  if (input.continuation_token) {
    auto position = read_page_token(listing, *input.continuation_token);
    if (!position || position->empty()) throw errors::invalid_argument(kTokenWrong);
    query.after = Shown{position->substr(1), position->front() == 'g'};
  } else if (input.start_after && !input.start_after->empty()) {
    query.after = Shown{*input.start_after, false};
  }
  Page page = list(call.txn, input.bucket, query, limit);
  auto output = begin_answer<ListObjectsV2Output>(input, encode, limit);
  fill(output, page, encode, input.fetch_owner.value_or(false) ? owner_id(call.site) : "");
  output.key_count = static_cast<int32_t>(page.objects.size() + page.groups.size());
  output.continuation_token = input.continuation_token;
  if (input.start_after) output.start_after = encode(*input.start_after);
  if (page.more) {
    output.next_continuation_token =
        make_page_token(listing, (page.last.group ? "g" : "k") + page.last.name);
  }
  return output;
}

}  // namespace trainyard::s3
