#include "services/iam/common.hpp"

#include <set>

#include <fmt/format.h>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace trainyard::iam {
namespace {

constexpr std::size_t kPageDefault = 100;
// IAM User Guide, "IAM and AWS STS quotas": characters, without white space.
constexpr std::size_t kRoleInlineMax = 10240;
constexpr std::size_t kUserInlineMax = 2048;

}  // namespace

identity::Role require_role(Txn& txn, const std::string& name) {
  if (auto role = identity::find_role(txn, name)) return *role;
  throw errors::no_such_entity_exception(
      fmt::format("The role with name {} cannot be found.", name));
}

identity::User require_user(Txn& txn, const std::string& name) {
  if (auto user = identity::find_user(txn, name)) return *user;
  throw errors::no_such_entity_exception(
      fmt::format("The user with name {} cannot be found.", name));
}

Holder role_holder(Txn& txn, const std::string& name) {
  return {require_role(txn, name).id, name, "role", kRoleInlineMax, "PoliciesPerRole"};
}

Holder user_holder(Txn& txn, const std::string& name) {
  return {require_user(txn, name).id, name, "user", kUserInlineMax, "PoliciesPerUser"};
}

std::string path_of(const std::optional<std::string>& path) { return path.value_or("/"); }

std::string arn_of(const Call& call, std::string_view kind, const std::string& path,
                   const std::string& name) {
  return fmt::format("arn:aws:iam::{}:{}{}{}", call.site.account, kind, path, name);
}

std::vector<identity::Tag> tags_of(const std::optional<std::vector<Tag>>& tags) {
  std::vector<identity::Tag> out;
  std::set<std::string> seen;
  for (const Tag& tag : tags.value_or(std::vector<Tag>())) {
    if (!seen.insert(to_lower(tag.key)).second) {
      throw errors::invalid_input_exception(
          "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    }
    out.push_back({tag.key, tag.value});
  }
  return out;
}

std::optional<std::vector<Tag>> tags_of(const std::vector<identity::Tag>& tags) {
  if (tags.empty()) return std::nullopt;
  std::vector<Tag> out;
  for (const identity::Tag& tag : tags) out.push_back({tag.key, tag.value});
  return out;
}

void check_identity_document(const std::string& document) {
  std::string error;
  if (policy::parse_document(document, policy::Kind::identity, &error)) return;
  throw errors::malformed_policy_document_exception(error);
}

void refuse_boundary(const std::optional<std::string>& boundary) {
  if (!boundary) return;
  throw errors::invalid_input_exception("Permissions boundaries are not supported here.");
}

std::string encoded_document(const std::string& document) { return percent_encode(document); }

Page page_of(std::string_view operation, std::string_view filter,
             const std::optional<std::string>& marker, const std::optional<int32_t>& max_items) {
  Page page;
  page.listing = fmt::format("{} {}", operation, filter);
  page.max = max_items ? static_cast<std::size_t>(*max_items) : kPageDefault;
  if (marker) {
    auto after = read_page_token(page.listing, *marker);
    if (!after) throw ApiError("ValidationError", 400, "Invalid Marker.");
    page.after = *after;
  }
  return page;
}

}  // namespace trainyard::iam
