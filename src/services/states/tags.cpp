#include "services/states/tags.hpp"

#include <fmt/format.h>

#include "base/arn.hpp"
#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/states/activities.hpp"
#include "services/states/names.hpp"
#include "services/states/rows.hpp"

namespace trainyard::states {
namespace {

/// ResourceNotFound unless the ARN is that of a state machine or an activity that is there;
/// versions, aliases and executions have no tags.
void check_taggable(Txn& txn, const std::string& arn) {
  auto parts = parse_arn(arn);
  bool found = false;
  if (parts && parts->resource.starts_with("activity:")) {
    check_arn(arn, "activity");
    found = find_activity(txn, arn).has_value();
  } else {
    const MachineRef ref = parse_machine_ref(arn);
    found = ref.qualifier.empty() && find_machine(txn, ref.machine);
  }
  if (found) return;
  ApiError error = errors::resource_not_found("Resource not found: '" + arn + "'");
  error.fields()["resourceName"] = arn;
  throw error;
}

}  // namespace

void put_tags(Call& call, const std::string& arn, const std::vector<Tag>& tags) {
  for (const Tag& tag : tags) {
    call.txn.exec(
        "INSERT INTO states_resource_tags(resource, key, value) VALUES (?, ?, ?) "
        "ON CONFLICT(resource, key) DO UPDATE SET value = excluded.value",
        arn, tag.key.value_or(""), tag.value.value_or(""));
  }
  const int64_t most = call.site.limits.states.tags;
  if (get_number(call.txn, "SELECT count(*) FROM states_resource_tags WHERE resource = ?", arn) <=
      most) {
    return;
  }
  ApiError error =
      errors::too_many_tags(fmt::format("Too Many Tags: a resource has at most {} tags.", most));
  error.fields()["resourceName"] = arn;
  throw error;
}

void remove_tags(Txn& txn, const std::string& arn) {
  txn.exec("DELETE FROM states_resource_tags WHERE resource = ?", arn);
}

TagResourceOutput tag_resource(Call& call, const TagResourceInput& input) {
  check_taggable(call.txn, input.resource_arn);
  put_tags(call, input.resource_arn, input.tags);
  return {};
}

UntagResourceOutput untag_resource(Call& call, const UntagResourceInput& input) {
  check_taggable(call.txn, input.resource_arn);
  for (const auto& key : input.tag_keys) {
    call.txn.exec("DELETE FROM states_resource_tags WHERE resource = ? AND key = ?",
                  input.resource_arn, key);
  }
  return {};
}

ListTagsForResourceOutput list_tags_for_resource(Call& call,
                                                 const ListTagsForResourceInput& input) {
  check_taggable(call.txn, input.resource_arn);
  ListTagsForResourceOutput output;
  auto& tags = output.tags.emplace();
  call.txn.each(
      "SELECT key, value FROM states_resource_tags WHERE resource = ? ORDER BY key",
      [&](const Row& row) {
        tags.push_back({row.text(0), row.text(1)});
      },
      input.resource_arn);
  return output;
}

}  // namespace trainyard::states
