#include "services/states/definition.hpp"

#include <fmt/format.h>

#include <set>

#include "base/error.hpp"
#include "generated/states/errors.hpp"
#include "services/states/catalogue.hpp"
#include "services/states/jobs.hpp"
#include "services/states/roles.hpp"

namespace trainyard::states {
namespace {

constexpr std::string_view kNotAssumable =
    "Neither the global service principal states.amazonaws.com, nor the regional one is authorized "
    "to assume the provided role.";
constexpr int kBadRequest = 400;

bool supports(const Door& door, const asl::Resource& resource, std::string_view field) {
  auto integration = find_integration(door, resource);
  return integration && takes_parameter(door, *integration, field);
}

/// Why the task cannot have the parameter; connections are told apart from what nobody knows.
std::string refusal_of(const Integration& integration, const std::string& name) {
  if (integration.kind == Integration::Kind::http && name == "Authentication") {
    return "Connections of EventBridge are not supported here: field \"Authentication\"";
  }
  return fmt::format("The field \"{}\" is not supported by Step Functions", name);
}

void check_task(const Door& door, const asl::State& state, std::vector<asl::Problem>& problems) {
  auto problem = [&](std::string message, std::string_view field) {
    problems.push_back({"SCHEMA_VALIDATION_FAILED", std::move(message),
                        state.location + "/" + std::string(field)});
  };
  if (state.resource.is_activity) return;
  auto integration = find_integration(door, state.resource);
  if (!integration) {
    return problem(
        fmt::format("The resource provided {} is not recognized. The value is not a valid "
                    "resource ARN, or the resource is not available in this region.",
                    state.resource.arn),
        "Resource");
  }
  if (!state.parameters) return;
  for (const auto& name : state.parameters->names()) {
    if (takes_parameter(door, *integration, name)) continue;
    problem(refusal_of(*integration, name), "Parameters");
  }
}

void put_managed_rule(Call& call, const Caller& principal, const SyncRule& rule,
                      const std::string& role_arn) {
  json::object pattern{{"source", json::array{rule.source}},
                       {"detail-type", json::array{rule.detail_type}}};
  std::string target =
      fmt::format("arn:aws:states:{}:{}:task-events", call.site.region, call.site.account);
  try {
    call.door.invoke(call, principal, "events", "PutRule",
                     {{"Name", rule.managed_rule}, {"EventPattern", dump(pattern)}});
    call.door.invoke(call, principal, "events", "PutTargets",
                     {{"Rule", rule.managed_rule},
                      {"Targets", json::array{{{"Id", "StepFunctions"}, {"Arn", target}}}}});
  } catch (const ApiError& error) {
    if (!error.code().starts_with("AccessDenied")) throw;
    throw ApiError("AccessDeniedException", kBadRequest,
                   "'" + role_arn + "' is not authorized to create managed-rule.");
  }
}

}  // namespace

asl::SupportsField supports_field(const Door& door) {
  return [&door](const asl::Resource& resource, std::string_view field) {
    return supports(door, resource, field);
  };
}

asl::Parsed examine_definition(const Door& door, const std::string& definition) {
  asl::Parsed parsed = asl::parse_machine(definition);
  for (const asl::State* state : asl::in_order(parsed.machine)) {
    if (state->type == asl::StateType::task && !state->resource.arn.empty()) {
      check_task(door, *state, parsed.problems);
    }
  }
  return parsed;
}

asl::Machine check_definition(Call& call, const std::string& definition) {
  asl::Parsed parsed = examine_definition(call.door, definition);
  if (asl::has_errors(parsed.problems)) {
    throw errors::invalid_definition("Invalid State Machine Definition: '" +
                                     asl::to_text(parsed.problems) + "'");
  }
  return std::move(parsed.machine);
}

void prepare_role(Call& call, const asl::Machine& machine, const std::string& role_arn,
                  const std::string& machine_arn) {
  Caller principal;
  try {
    principal = assume_role(call, role_arn, "StepFunctions", machine_arn);
  } catch (const ApiError&) {
    throw ApiError("AccessDeniedException", kBadRequest, std::string(kNotAssumable));
  }
  principal.by_service = true;
  std::set<const SyncRule*> rules;
  for (const auto& [name, state] : machine.states) {
    const SyncRule* rule = find_sync_rule(state.resource);
    if (rule && rules.insert(rule).second) put_managed_rule(call, principal, *rule, role_arn);
  }
}

}  // namespace trainyard::states
