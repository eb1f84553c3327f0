#include "services/sagemaker/tags.hpp"

#include <set>

#include "base/text.hpp"
#include "generated/sagemaker/errors.hpp"
#include "generated/sagemaker/operations.hpp"
#include "services/paging.hpp"

namespace trainyard::sagemaker {
namespace {

constexpr std::size_t kTagsMax = 50;  // AWS General Reference, "Tag naming limits"
constexpr int kTagsPerPage = 50;

/// The resource that a tag operation names, which must exist.
ResourceName tagged(Call& call, const std::string& arn) {
  auto named = parse_resource_arn(call.site, arn);
  if (!named || !resource_exists(call.txn, named->kind, named->name)) {
    throw invalid("Could not find a resource with the ARN \"" + arn + "\".");
  }
  return *named;
}

}  // namespace

std::vector<Tag> tags_of(Txn& txn, Kind kind, std::string_view name) {
  std::vector<Tag> tags;
  txn.each("SELECT tag_key, tag_value FROM sagemaker_tags WHERE kind = ? AND name = ? "
           "ORDER BY position, tag_key",
           [&](const Row& row) { tags.push_back({row.text(0), row.text(1)}); }, kind_name(kind),
           name);
  return tags;
}

void put_tags(Txn& txn, Kind kind, std::string_view name, const std::vector<Tag>& tags) {
  std::set<std::string> keys;
  for (const Tag& tag : tags) {
    if (!keys.insert(tag.key).second) {
      throw invalid("The tag key '" + tag.key + "' stands more than once in the request.");
    }
    if (to_lower(tag.key).starts_with("aws:")) {
      throw invalid("The tag key '" + tag.key + "' is reserved: keys must not begin with aws:.");
    }
  }
  auto position = txn.one("SELECT coalesce(max(position), 0) FROM sagemaker_tags "
                          "WHERE kind = ? AND name = ?",
                          [](const Row& row) { return row.integer(0); }, kind_name(kind), name);
  for (const Tag& tag : tags) {
    position = position.value_or(0) + 1;
    txn.exec("INSERT INTO sagemaker_tags (kind, name, tag_key, tag_value, position) "
             "VALUES (?, ?, ?, ?, ?) "
             "ON CONFLICT (kind, name, tag_key) DO UPDATE SET tag_value = excluded.tag_value",
             kind_name(kind), name, tag.key, tag.value, *position);
  }
  if (tags_of(txn, kind, name).size() > kTagsMax) {
    throw errors::resource_limit_exceeded("A resource can have at most " +
                                          std::to_string(kTagsMax) + " tags.");
  }
}

AddTagsOutput add_tags(Call& call, const AddTagsInput& input) {
  ResourceName named = tagged(call, input.resource_arn);
  put_tags(call.txn, named.kind, named.name, input.tags);
  return {.tags = tags_of(call.txn, named.kind, named.name)};
}

DeleteTagsOutput delete_tags(Call& call, const DeleteTagsInput& input) {
  ResourceName named = tagged(call, input.resource_arn);
  for (const std::string& key : input.tag_keys) {
    call.txn.exec("DELETE FROM sagemaker_tags WHERE kind = ? AND name = ? AND tag_key = ?",
                  kind_name(named.kind), named.name, key);
  }
  return {};
}

ListTagsOutput list_tags(Call& call, const ListTagsInput& input) {
  ResourceName named = tagged(call, input.resource_arn);
  const std::string listing = "ListTags " + input.resource_arn;
  std::vector<Tag> all = tags_of(call.txn, named.kind, named.name);
  auto begin = all.begin();
  if (input.next_token) {
    auto last = read_page_token(listing, *input.next_token);
    if (!last) throw invalid("NextToken is not one of this listing.");
    while (begin != all.end() && begin->key != *last) ++begin;
    if (begin != all.end()) ++begin;
  }
  ListTagsOutput output;
  output.tags.emplace(begin, all.end());
  auto limit = static_cast<std::size_t>(input.max_results.value_or(kTagsPerPage));
  if (output.tags->size() > limit) {
    output.tags->resize(limit);
    output.next_token = make_page_token(listing, output.tags->back().key);
  }
  return output;
}

}  // namespace trainyard::sagemaker
