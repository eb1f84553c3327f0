#include "services/events/rules.hpp"

#include <fmt/format.h>

#include "generated/events/errors.hpp"
#include "generated/events/operations.hpp"
#include "services/events/pattern.hpp"
#include "services/paging.hpp"

namespace trainyard::events {
namespace {

constexpr int kRulesMax = 300;  // a bus (Amazon EventBridge User Guide, "Quotas")
constexpr int kPageMax = 100;
constexpr const char* kBus = "default";
constexpr std::string_view kStates = "states.amazonaws.com";
constexpr std::string_view kManagedPrefix = "StepFunctionsGetEventsFor";

std::string rule_arn(const Site& site, const std::string& name) {
  return fmt::format("arn:aws:events:{}:{}:rule/{}", site.region, site.account, name);
}

RuleRow row_of(const Row& row) {
  return {row.text(0),       row.text(1),       row.text(2),
          row.maybe_text(3), row.maybe_text(4), row.maybe_text(5)};
}

void check_rule(const PutRuleInput& input) {
  if (input.schedule_expression) {
    throw validation_exception("ScheduleExpression is not implemented; give an EventPattern.");
  }
  if (!input.event_pattern) {
    throw validation_exception(
        "Parameter(s) EventPattern and/or ScheduleExpression must be specified.");
  }
  if (input.tags && !input.tags->empty()) {
    throw validation_exception("Tags on rules are not implemented.");
  }
  std::string error;
  auto pattern = parse_json(*input.event_pattern, &error);
  auto fault = pattern ? pattern_fault(*pattern) : std::optional(error);
  if (fault) {
    throw errors::invalid_event_pattern_exception("Event pattern is not valid. Reason: " + *fault);
  }
}

Rule shown(const RuleRow& row, const Site& site) {
  Rule rule;
  rule.name = row.name;
  rule.arn = rule_arn(site, row.name);
  rule.event_pattern = row.pattern;
  rule.state = row.state;
  rule.description = row.description;
  rule.role_arn = row.role_arn;
  rule.managed_by = row.managed_by;
  rule.event_bus_name = kBus;
  return rule;
}

}  // namespace

ApiError validation_exception(std::string message) {
  return ApiError("ValidationException", 400, std::move(message));
}

void require_bus(const Site& site, const std::optional<std::string>& bus) {
  std::string arn = fmt::format("arn:aws:events:{}:{}:event-bus/{}", site.region, site.account,
                                kBus);
  if (!bus || *bus == kBus || *bus == arn) return;
  throw errors::resource_not_found_exception("Event bus " + *bus + " does not exist.");
}

std::optional<RuleRow> find_rule(Txn& txn, const std::string& name) {
  return txn.one("SELECT name, pattern, state, description, role_arn, managed_by "
                 "FROM events_rules WHERE name = ?",
                 row_of, name);
}

RuleRow require_rule(Txn& txn, const std::string& name) {
  if (auto rule = find_rule(txn, name)) return *rule;
  throw errors::resource_not_found_exception("Rule " + name + " does not exist on EventBus " +
                                             kBus + ".");
}

void check_managed(const Call& call, const RuleRow& rule, bool force) {
  const bool own = call.caller.by_service && call.caller.via_service == rule.managed_by;
  if (!rule.managed_by || force || own) return;
  throw errors::managed_rule_exception("Rule " + rule.name + " is managed by " +
                                       *rule.managed_by + " and cannot be changed by others.");
}

std::string task_events_arn(const Site& site) {
  return fmt::format("arn:aws:states:{}:{}:task-events", site.region, site.account);
}

PutRuleOutput put_rule(Call& call, const PutRuleInput& input) {
  require_bus(call.site, input.event_bus_name);
  check_rule(input);
  std::optional<std::string> managed_by;
  if (input.name.starts_with(kManagedPrefix) && call.caller.by_service &&
      call.caller.via_service == kStates) {
    managed_by = kStates;
  }
  if (auto known = find_rule(call.txn, input.name)) {
    check_managed(call, *known, false);
  } else {
    auto count = call.txn.one("SELECT count(*) FROM events_rules",
                              [](const Row& row) { return row.integer(0); });
    if (*count >= kRulesMax) {
      throw errors::limit_exceeded_exception(
          "The requested resource exceeds the maximum number allowed.");
    }
  }
  call.txn.exec("INSERT INTO events_rules(name, pattern, state, description, role_arn, managed_by) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(name) DO UPDATE SET "
                "pattern = excluded.pattern, state = excluded.state, "
                "description = excluded.description, role_arn = excluded.role_arn, "
                "managed_by = excluded.managed_by",
                input.name, *input.event_pattern, input.state.value_or("ENABLED"),
                input.description, input.role_arn, managed_by);
  PutRuleOutput output;
  output.rule_arn = rule_arn(call.site, input.name);
  return output;
}

DescribeRuleOutput describe_rule(Call& call, const DescribeRuleInput& input) {
  require_bus(call.site, input.event_bus_name);
  Rule rule = shown(require_rule(call.txn, input.name), call.site);
  DescribeRuleOutput output;
  output.name = rule.name;
  output.arn = rule.arn;
  output.event_pattern = rule.event_pattern;
  output.state = rule.state;
  output.description = rule.description;
  output.role_arn = rule.role_arn;
  output.managed_by = rule.managed_by;
  output.event_bus_name = rule.event_bus_name;
  output.created_by = call.site.account;
  return output;
}

ListRulesOutput list_rules(Call& call, const ListRulesInput& input) {
  require_bus(call.site, input.event_bus_name);
  std::string prefix = input.name_prefix.value_or("");
  std::string listing = "events:ListRules:" + prefix;
  std::string after;
  if (input.next_token) {
    auto position = read_page_token(listing, *input.next_token);
    if (!position) throw validation_exception("NextToken is not valid.");
    after = *position;
  }
  auto limit = static_cast<std::size_t>(input.limit.value_or(kPageMax));
  ListRulesOutput output;
  auto& rules = output.rules.emplace();
  bool more = false;
  call.txn.each("SELECT name, pattern, state, description, role_arn, managed_by "
                "FROM events_rules WHERE name > ? ORDER BY name",
                [&](const Row& row) {
                  RuleRow rule = row_of(row);
                  if (!rule.name.starts_with(prefix)) return;
                  more = more || rules.size() == limit;
                  if (!more) rules.push_back(shown(rule, call.site));
                },
                after);
  if (more) output.next_token = make_page_token(listing, *rules.back().name);
  return output;
}

/// A rule that is not there is as good as deleted.
DeleteRuleOutput delete_rule(Call& call, const DeleteRuleInput& input) {
  require_bus(call.site, input.event_bus_name);
  auto rule = find_rule(call.txn, input.name);
  if (!rule) return {};
  check_managed(call, *rule, input.force.value_or(false));
  if (call.txn.exists("SELECT 1 FROM events_targets WHERE rule = ?", input.name)) {
    throw validation_exception("Rule can't be deleted since it has targets.");
  }
  call.txn.exec("DELETE FROM events_rules WHERE name = ?", input.name);
  return {};
}

}  // namespace trainyard::events
