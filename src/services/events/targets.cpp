#include "generated/events/errors.hpp"
#include "generated/events/operations.hpp"
#include "services/events/rules.hpp"
#include "services/paging.hpp"

namespace trainyard::events {
namespace {

constexpr int kTargetsMax = 5;  // a rule (Amazon EventBridge User Guide, "Quotas")
constexpr int kPageMax = 100;

/// Only Step Functions' own intake is delivered to, and only Step Functions may aim at it: whoever
/// could would end tasks with events of his own.
void check_target(const Call& call, const Target& target) {
  std::string intake = task_events_arn(call.site);
  if (target.arn != intake) {
    throw validation_exception("Target " + target.id + ": events cannot be delivered to " +
                               target.arn + "; only " + intake +
                               ", which Step Functions uses, is delivered to.");
  }
  if (!call.caller.by_service || call.caller.via_service != "states.amazonaws.com") {
    throw validation_exception("Target " + target.id + ": " + intake +
                               " can be a target of Step Functions' own rules only.");
  }
  if (target.input || target.input_path || target.input_transformer) {
    throw validation_exception("Target " + target.id + ": " + intake + " takes whole events.");
  }
}

}  // namespace

PutTargetsOutput put_targets(Call& call, const PutTargetsInput& input) {
  require_bus(call.site, input.event_bus_name);
  RuleRow rule = require_rule(call.txn, input.rule);
  check_managed(call, rule, false);
  for (const Target& target : input.targets) {
    check_target(call, target);
    call.txn.exec("INSERT INTO events_targets(rule, id, arn) VALUES (?, ?, ?) "
                  "ON CONFLICT(rule, id) DO UPDATE SET arn = excluded.arn",
                  rule.name, target.id, target.arn);
  }
  auto count = call.txn.one("SELECT count(*) FROM events_targets WHERE rule = ?",
                            [](const Row& row) { return row.integer(0); }, rule.name);
  if (*count > kTargetsMax) {
    throw errors::limit_exceeded_exception(
        "The requested resource exceeds the maximum number allowed.");
  }
  PutTargetsOutput output;
  output.failed_entry_count = 0;
  output.failed_entries.emplace();
  return output;
}

ListTargetsByRuleOutput list_targets_by_rule(Call& call, const ListTargetsByRuleInput& input) {
  require_bus(call.site, input.event_bus_name);
  RuleRow rule = require_rule(call.txn, input.rule);
  std::string listing = "events:ListTargetsByRule:" + rule.name;
  std::string after;
  if (input.next_token) {
    auto position = read_page_token(listing, *input.next_token);
    if (!position) throw validation_exception("NextToken is not valid.");
    after = *position;
  }
  int limit = input.limit.value_or(kPageMax);
  ListTargetsByRuleOutput output;
  auto& targets = output.targets.emplace();
  call.txn.each("SELECT id, arn FROM events_targets WHERE rule = ? AND id > ? ORDER BY id LIMIT ?",
                [&](const Row& row) {
                  Target& target = targets.emplace_back();
                  target.id = row.text(0);
                  target.arn = row.text(1);
                },
                rule.name, after, limit + 1);
  if (std::ssize(targets) > limit) {
    targets.pop_back();
    output.next_token = make_page_token(listing, targets.back().id);
  }
  return output;
}

RemoveTargetsOutput remove_targets(Call& call, const RemoveTargetsInput& input) {
  require_bus(call.site, input.event_bus_name);
  RuleRow rule = require_rule(call.txn, input.rule);
  check_managed(call, rule, input.force.value_or(false));
  for (const std::string& id : input.ids) {
    call.txn.exec("DELETE FROM events_targets WHERE rule = ? AND id = ?", rule.name, id);
  }
  RemoveTargetsOutput output;
  output.failed_entry_count = 0;
  output.failed_entries.emplace();
  return output;
}

}  // namespace trainyard::events
