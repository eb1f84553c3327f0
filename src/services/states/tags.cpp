#include "services/states/tags.hpp"

#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/states/names.hpp"
#include "services/states/rows.hpp"

namespace trainyard::states {
namespace {

constexpr int64_t kTagsMax = 50;

/// Only state machines have tags here.
int64_t tagged_machine(Txn& txn, const std::string& arn) {
  check_arn(arn, "stateMachine");
  auto machine = find_machine(txn, arn);
  if (!machine) throw errors::resource_not_found("Resource not found: '" + arn + "'");
  return machine->id;
}

}  // namespace

void put_tags(Txn& txn, int64_t machine, const std::vector<Tag>& tags) {
  for (const Tag& tag : tags) {
    txn.exec(
        "INSERT INTO states_tags(machine, key, value) VALUES (?, ?, ?) "
        "ON CONFLICT(machine, key) DO UPDATE SET value = excluded.value",
        machine, tag.key.value_or(""), tag.value.value_or(""));
  }
  int64_t count = txn.one(
                         "SELECT count(*) FROM states_tags WHERE machine = ?",
                         [](const Row& row) { return row.integer(0); }, machine)
                      .value();
  if (count > kTagsMax) {
    throw errors::too_many_tags("Too Many Tags: a resource has at most " +
                                std::to_string(kTagsMax) + " tags.");
  }
}

TagResourceOutput tag_resource(Call& call, const TagResourceInput& input) {
  put_tags(call.txn, tagged_machine(call.txn, input.resource_arn), input.tags);
  return {};
}

UntagResourceOutput untag_resource(Call& call, const UntagResourceInput& input) {
  int64_t machine = tagged_machine(call.txn, input.resource_arn);
  for (const auto& key : input.tag_keys) {
    call.txn.exec("DELETE FROM states_tags WHERE machine = ? AND key = ?", machine, key);
  }
  return {};
}

ListTagsForResourceOutput list_tags_for_resource(Call& call,
                                                 const ListTagsForResourceInput& input) {
  ListTagsForResourceOutput output;
  auto& tags = output.tags.emplace();
  call.txn.each(
      "SELECT key, value FROM states_tags WHERE machine = ? ORDER BY key",
      [&](const Row& row) {
        tags.push_back({row.text(0), row.text(1)});
      },
      tagged_machine(call.txn, input.resource_arn));
  return output;
}

}  // namespace trainyard::states
