// What the handlers of IAM share: finding, paging, the checks of names and documents.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "generated/iam/errors.hpp"
#include "generated/iam/operations.hpp"
#include "identity/policies.hpp"
#include "identity/roles.hpp"
#include "identity/users.hpp"
#include "services/call.hpp"
#include "services/paging.hpp"

namespace trainyard::iam {

/// ApiError NoSuchEntity 404 unless there is one of that name.
identity::Role require_role(Txn& txn, const std::string& name);
identity::User require_user(Txn& txn, const std::string& name);

/// A role or a user as the holder of policies.
struct Holder {
  std::string id;
  std::string name;
  std::string_view kind;        // "role", "user"
  std::size_t inline_size_max;  // characters of all inline policies together, without white space
  std::string_view quota;       // how LimitExceeded names the number of attached policies
};
Holder role_holder(Txn& txn, const std::string& name);
Holder user_holder(Txn& txn, const std::string& name);

/// The path, "/" when none is given.
std::string path_of(const std::optional<std::string>& path);
/// ARN of a role, user or policy.
std::string arn_of(const Call& call, std::string_view kind, const std::string& path,
                   const std::string& name);
/// ApiError InvalidInput when two tags have one key.
std::vector<identity::Tag> tags_of(const std::optional<std::vector<Tag>>& tags);
std::optional<std::vector<Tag>> tags_of(const std::vector<identity::Tag>& tags);

/// ApiError MalformedPolicyDocument unless the document may be attached to identities.
void check_identity_document(const std::string& document);
/// ApiError InvalidInput: evaluation knows no boundaries, and one that is ignored would be a hole.
void refuse_boundary(const std::optional<std::string>& boundary);
/// Documents travel URL-encoded (RFC 3986), as IAM's own do.
std::string encoded_document(const std::string& document);

/// Where a listing goes on, and how far.
struct Page {
  std::string listing;
  std::string after;
  std::size_t max;
};
/// `filter` is what else decides the listing. ApiError ValidationError for a foreign marker.
Page page_of(std::string_view operation, std::string_view filter,
             const std::optional<std::string>& marker, const std::optional<int32_t>& max_items);

/// The items that belong on the page. `items` are in order of their keys; those up to page.after
/// may be among them, and one more than page.max is enough.
template <class Item, class Key, class Output>
std::vector<Item> cut(const Page& page, std::vector<Item> items, Key key, Output& output) {
  if (!page.after.empty()) {
    std::erase_if(items, [&](const Item& item) { return key(item) <= page.after; });
  }
  output.is_truncated = items.size() > page.max;
  if (*output.is_truncated) {
    items.resize(page.max);
    output.marker = make_page_token(page.listing, key(items.back()));
  }
  return items;
}

}  // namespace trainyard::iam
