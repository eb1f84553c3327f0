#include "services/states/activities.hpp"

#include <fmt/format.h>

#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/paging.hpp"
#include "services/states/names.hpp"
#include "services/states/pages.hpp"
#include "services/states/rows.hpp"
#include "services/states/tags.hpp"

namespace trainyard::states {
namespace {

ActivityRow activity_of(const Row& row) { return {row.text(0), row.text(1), row.time(2)}; }

void check_quota(Call& call) {
  const int64_t most = call.site.limits.states.activities;
  if (get_number(call.txn, "SELECT count(*) FROM states_activities") < most) return;
  throw errors::activity_limit_exceeded(
      fmt::format("Activity Limit Exceeded: there are at most {} activities.", most));
}

/// Only the keys that AWS owns are there; an activity keeps what it was made with.
void check_encryption(const CreateActivityInput& input,
                      const std::optional<ActivityRow>& existing) {
  const auto& encryption = input.encryption_configuration;
  if (!encryption || encryption->type == "AWS_OWNED_KEY") return;
  if (existing) {
    throw errors::activity_already_exists("Activity Already Exists: '" + existing->arn + "'");
  }
  throw errors::invalid_encryption_configuration(
      "Invalid Encryption Configuration: there are no customer managed keys here.");
}

}  // namespace

std::optional<ActivityRow> find_activity(Txn& txn, std::string_view arn) {
  return txn.one("SELECT arn, name, created FROM states_activities WHERE arn = ?", activity_of,
                 arn);
}

ActivityRow get_activity(Txn& txn, const std::string& arn) {
  check_arn(arn, "activity");
  auto activity = find_activity(txn, arn);
  if (!activity) throw errors::activity_does_not_exist("Activity Does Not Exist: '" + arn + "'");
  return *activity;
}

/// A repeat is answered like the request that made the activity; tags do not count (API reference,
/// CreateActivity).
CreateActivityOutput create_activity(Call& call, const CreateActivityInput& input) {
  check_name(input.name);
  const std::string arn = activity_arn(call.site, input.name);
  auto existing = find_activity(call.txn, arn);
  check_encryption(input, existing);
  if (existing) return {arn, existing->created};
  check_quota(call);
  call.txn.exec("INSERT INTO states_activities(arn, name, created) VALUES (?, ?, ?)", arn,
                input.name, call.now);
  if (input.tags) put_tags(call, arn, *input.tags);
  return {arn, call.now};
}

DescribeActivityOutput describe_activity(Call& call, const DescribeActivityInput& input) {
  ActivityRow activity = get_activity(call.txn, input.activity_arn);
  DescribeActivityOutput output;
  output.activity_arn = activity.arn;
  output.name = activity.name;
  output.creation_date = activity.created;
  return output;
}

/// Tasks that wait for workers stay until they time out, or for an activity of the same name.
DeleteActivityOutput delete_activity(Call& call, const DeleteActivityInput& input) {
  check_arn(input.activity_arn, "activity");  // deleting twice is no error
  call.txn.exec("DELETE FROM states_activities WHERE arn = ?", input.activity_arn);
  remove_tags(call.txn, input.activity_arn);
  return {};
}

ListActivitiesOutput list_activities(Call& call, const ListActivitiesInput& input) {
  const std::string kListing = "ListActivities";
  const std::string after = page_name(kListing, input.next_token).value_or("");
  const auto size = static_cast<std::size_t>(page_size(input.max_results));
  ListActivitiesOutput output;
  call.txn.each(
      "SELECT arn, name, created FROM states_activities WHERE name > ? ORDER BY name LIMIT ?",
      [&](const Row& row) {
        ActivityRow activity = activity_of(row);
        output.activities.push_back({activity.arn, activity.name, activity.created});
      },
      after, size + 1);
  if (output.activities.size() > size) {
    output.activities.pop_back();
    output.next_token = make_page_token(kListing, output.activities.back().name);
  }
  return output;
}

}  // namespace trainyard::states
