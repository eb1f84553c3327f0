#include "services/states/aliases.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/states/names.hpp"
#include "services/states/pages.hpp"
#include "services/states/versions.hpp"

namespace trainyard::states {
namespace {

constexpr int32_t kWeightsSum = 100;

ApiError invalid_routing(const std::string& message) {
  ApiError error = errors::validation_exception(message);
  error.fields()["reason"] = "INVALID_ROUTING_CONFIGURATION";
  return error;
}

ApiError not_found(const std::string& arn) {
  ApiError error = errors::resource_not_found("Resource not found: '" + arn + "'");
  error.fields()["resourceName"] = arn;
  return error;
}

/// The machine that all routes are of, and the routes. ResourceNotFound, ValidationException.
struct Routing {
  MachineRow machine;
  std::vector<Route> routes;
};
Routing read_routing(Txn& txn, const std::vector<RoutingConfigurationListItem>& items) {
  std::vector<MachineRef> refs;
  Routing routing;
  int32_t sum = 0;
  for (const auto& item : items) {
    refs.push_back(parse_machine_ref(item.state_machine_version_arn));
    refuse_label(refs.back());
    auto number = refs.back().version();
    if (!number) {
      throw invalid_routing("Not the ARN of a state machine version: '" +
                            item.state_machine_version_arn + "'");
    }
    routing.routes.push_back({*number, item.weight});
    sum += item.weight;
  }
  if (refs.front().machine != refs.back().machine) {
    throw invalid_routing("The versions of an alias must be of the same state machine.");
  }
  if (refs.size() > 1 && routing.routes.front().version == routing.routes.back().version) {
    throw invalid_routing("The versions of an alias must differ.");
  }
  if (sum != kWeightsSum) {
    throw invalid_routing(
        fmt::format("The weights of an alias must make {}, not {}.", kWeightsSum, sum));
  }
  auto machine = find_machine(txn, refs.front().machine);
  if (!machine) throw not_found(refs.front().machine);
  refuse_deleting(*machine);
  routing.machine = std::move(*machine);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!find_version(txn, routing.machine.id, routing.routes[i].version)) {
      throw not_found(items[i].state_machine_version_arn);
    }
  }
  return routing;
}

void put_routes(Txn& txn, int64_t alias, const std::vector<Route>& routes) {
  txn.exec("DELETE FROM states_routes WHERE alias = ?", alias);
  for (std::size_t i = 0; i < routes.size(); ++i) {
    txn.exec("INSERT INTO states_routes(alias, position, version, weight) VALUES (?, ?, ?, ?)",
             alias, i, routes[i].version, routes[i].weight);
  }
}

void check_quota(Call& call, const MachineRow& machine) {
  const int64_t most = call.site.limits.states.aliases;
  if (get_number(call.txn, "SELECT count(*) FROM states_aliases WHERE machine = ?", machine.id) <
      most) {
    return;
  }
  throw errors::service_quota_exceeded_exception(fmt::format(
      "'{}' has {} aliases, which is the most a state machine can have.", machine.arn, most));
}

/// An alias that is there, and its machine. ResourceNotFound.
struct Found {
  MachineRow machine;
  AliasRow alias;
};
Found get_alias(Txn& txn, const std::string& arn) {
  const MachineRef ref = parse_machine_ref(arn);
  refuse_label(ref);
  if (ref.qualifier.empty() || ref.version()) {
    throw errors::validation_exception("Not the ARN of a state machine alias: '" + arn + "'");
  }
  auto machine = find_machine(txn, ref.machine);
  auto alias = machine ? find_alias(txn, machine->id, ref.qualifier) : std::nullopt;
  if (!alias) throw not_found(arn);
  return {std::move(*machine), std::move(*alias)};
}

std::vector<RoutingConfigurationListItem> to_api(const MachineRow& machine,
                                                 const std::vector<Route>& routes) {
  std::vector<RoutingConfigurationListItem> items;
  for (const Route& route : routes) {
    items.push_back({qualified_arn(machine.arn, std::to_string(route.version)), route.weight});
  }
  return items;
}

/// The machine of a listing, and the version that the aliases are to lead to, if one is named.
struct Listed {
  MachineRow machine;
  std::optional<int64_t> version;
};
Listed get_listed(Txn& txn, const std::string& arn) {
  const MachineRef ref = parse_machine_ref(arn);
  auto machine = find_machine(txn, ref.machine);
  if (!machine) throw no_such_machine(arn);
  refuse_deleting(*machine);
  if (ref.qualifier.empty()) return {std::move(*machine), std::nullopt};
  auto version = ref.version();
  if (!version || !find_version(txn, machine->id, *version)) throw not_found(arn);
  return {std::move(*machine), version};
}

}  // namespace

std::optional<AliasRow> find_alias(Txn& txn, int64_t machine, std::string_view name) {
  auto alias = txn.one(
      "SELECT id, name, description, created, updated FROM states_aliases "
      "WHERE machine = ? AND name = ?",
      [](const Row& row) {
        return AliasRow{row.integer(0), row.text(1), row.maybe_text(2),
                        row.time(3),    row.time(4), {}};
      },
      machine, name);
  if (!alias) return alias;
  txn.each(
      "SELECT version, weight FROM states_routes WHERE alias = ? ORDER BY position",
      [&](const Row& row) {
        alias->routes.push_back({row.integer(0), static_cast<int32_t>(row.integer(1))});
      },
      alias->id);
  return alias;
}

std::optional<std::string> find_alias_to(Txn& txn, int64_t machine, int64_t version) {
  return txn.one(
      "SELECT a.name FROM states_aliases a JOIN states_routes r ON r.alias = a.id "
      "WHERE a.machine = ? AND r.version = ? ORDER BY a.id LIMIT 1",
      [](const Row& row) { return row.text(0); }, machine, version);
}

int64_t draw_version(const AliasRow& alias, Random& random) {
  auto drawn = static_cast<int32_t>(random.below(kWeightsSum));
  for (const Route& route : alias.routes) {
    if (drawn < route.weight) return route.version;
    drawn -= route.weight;
  }
  TRAINYARD_ASSERT(false);  // the weights make kWeightsSum
  return 0;
}

void remove_aliases(Txn& txn, int64_t machine) {
  txn.exec(
      "DELETE FROM states_routes WHERE alias IN "
      "(SELECT id FROM states_aliases WHERE machine = ?)",
      machine);
  txn.exec("DELETE FROM states_aliases WHERE machine = ?", machine);
}

CreateStateMachineAliasOutput create_state_machine_alias(
    Call& call, const CreateStateMachineAliasInput& input) {
  const Routing routing = read_routing(call.txn, input.routing_configuration);
  const MachineRow& machine = routing.machine;
  const std::string arn = qualified_arn(machine.arn, input.name);
  if (auto existing = find_alias(call.txn, machine.id, input.name)) {
    if (existing->description != input.description || existing->routes != routing.routes) {
      throw errors::conflict_exception("The alias '" + arn +
                                       "' is there already, with another configuration.");
    }
    return {arn, existing->created};
  }
  check_quota(call, machine);
  call.txn.exec(
      "INSERT INTO states_aliases(machine, name, description, created, updated) "
      "VALUES (?, ?, ?, ?, ?)",
      machine.id, input.name, input.description, call.now, call.now);
  put_routes(call.txn, find_alias(call.txn, machine.id, input.name)->id, routing.routes);
  return {arn, call.now};
}

DescribeStateMachineAliasOutput describe_state_machine_alias(
    Call& call, const DescribeStateMachineAliasInput& input) {
  const auto [machine, alias] = get_alias(call.txn, input.state_machine_alias_arn);
  DescribeStateMachineAliasOutput output;
  output.state_machine_alias_arn = input.state_machine_alias_arn;
  output.name = alias.name;
  output.description = alias.description;
  output.routing_configuration = to_api(machine, alias.routes);
  output.creation_date = alias.created;
  output.update_date = alias.updated;
  return output;
}

UpdateStateMachineAliasOutput update_state_machine_alias(
    Call& call, const UpdateStateMachineAliasInput& input) {
  if (!input.description && !input.routing_configuration) {
    ApiError error = errors::validation_exception(
        "Either the description or the routingConfiguration must be specified.");
    error.fields()["reason"] = "MISSING_REQUIRED_PARAMETER";
    throw error;
  }
  const auto [machine, alias] = get_alias(call.txn, input.state_machine_alias_arn);
  refuse_deleting(machine);
  if (input.routing_configuration) {
    const Routing routing = read_routing(call.txn, *input.routing_configuration);
    if (routing.machine.id != machine.id) {
      throw invalid_routing("The versions of an alias must be of its own state machine.");
    }
    put_routes(call.txn, alias.id, routing.routes);
  }
  call.txn.exec(
      "UPDATE states_aliases SET description = coalesce(?, description), updated = ? WHERE id = ?",
      input.description, call.now, alias.id);
  return {call.now};
}

DeleteStateMachineAliasOutput delete_state_machine_alias(
    Call& call, const DeleteStateMachineAliasInput& input) {
  const auto [machine, alias] = get_alias(call.txn, input.state_machine_alias_arn);
  call.txn.exec("DELETE FROM states_routes WHERE alias = ?", alias.id);
  call.txn.exec("DELETE FROM states_aliases WHERE id = ?", alias.id);
  return {};
}

ListStateMachineAliasesOutput list_state_machine_aliases(
    Call& call, const ListStateMachineAliasesInput& input) {
  const auto [machine, version] = get_listed(call.txn, input.state_machine_arn);
  NewestFirst page("ListStateMachineAliases " + input.state_machine_arn, input.next_token,
                   input.max_results);
  ListStateMachineAliasesOutput output;
  call.txn.each(
      "SELECT id, name, created FROM states_aliases a WHERE machine = ? AND id < ? "
      "AND (? IS NULL OR EXISTS "
      "(SELECT 1 FROM states_routes WHERE alias = a.id AND version = ?)) "
      "ORDER BY id DESC LIMIT ?",
      [&](const Row& row) {
        if (!page.take(row.integer(0))) return;
        output.state_machine_aliases.push_back(
            {qualified_arn(machine.arn, row.text(1)), row.time(2)});
      },
      machine.id, page.before(), version, version, page.rows());
  output.next_token = page.next_token;
  return output;
}

}  // namespace trainyard::states
