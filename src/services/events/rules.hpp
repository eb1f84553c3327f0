// Rows of rules and targets on the one bus that there is.
#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "services/call.hpp"

namespace trainyard::events {

struct RuleRow {
  std::string name, pattern, state;
  std::optional<std::string> description, role_arn, managed_by;
};

ApiError validation_exception(std::string message);

/// ApiError ResourceNotFoundException unless the name or ARN is the default bus's.
void require_bus(const Site& site, const std::optional<std::string>& bus);

std::optional<RuleRow> find_rule(Txn& txn, const std::string& name);
/// ApiError ResourceNotFoundException.
RuleRow require_rule(Txn& txn, const std::string& name);

/// ApiError ManagedRuleException when the rule is a service's and the caller is another.
void check_managed(const Call& call, const RuleRow& rule, bool force);

/// Where the states service takes the events of its tasks; nobody else may target it.
std::string task_events_arn(const Site& site);

}  // namespace trainyard::events
