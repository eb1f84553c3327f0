// SimulatePrincipalPolicy, SimulateCustomPolicy: what policies say to a request that nobody makes,
// and which statements say it.
#include <fmt/format.h>

#include <set>

#include "base/arn.hpp"
#include "base/text.hpp"
#include "identity/access.hpp"
#include "policy/evaluate.hpp"
#include "policy/locate.hpp"
#include "services/iam/common.hpp"

namespace trainyard::iam {
namespace {

/// A policy of the simulation: how answers name it, and what it says.
struct Source {
  std::string id;
  std::string type;
  std::string text;
  std::shared_ptr<const policy::Document> document;
};

struct Scene {
  std::vector<Source> identity;
  std::optional<Source> resource;
  std::optional<Caller> caller;
  std::vector<ContextEntry> entries;
};

struct Finding {
  std::string decision;
  std::vector<Statement> matched;
  std::vector<std::string> missing;  // condition keys, in order
};

/// ApiError InvalidInput unless `text` is a policy of that kind.
Source given_source(std::string id, std::string type, const std::string& text, policy::Kind kind) {
  std::string error;
  auto document = policy::parse_document(text, kind, &error);
  if (!document) throw errors::invalid_input_exception(fmt::format("{}: {}", id, error));
  return {std::move(id), std::move(type), text,
          std::make_shared<const policy::Document>(std::move(*document))};
}

Source stored_source(std::string id, std::string type, const std::string& text) {
  return {std::move(id), std::move(type), text,
          identity::parsed_document(text, policy::Kind::identity)};
}

/// The role or user that an ARN names, as it would call.
Caller entity_of(Call& call, const std::string& text) {
  auto arn = parse_arn(text);
  auto slash = arn ? arn->resource.find('/') : std::string::npos;
  std::string kind = slash == std::string::npos ? "" : arn->resource.substr(0, slash);
  if (!arn || arn->service != "iam" || (kind != "role" && kind != "user")) {
    throw errors::invalid_input_exception(
        fmt::format("Invalid Entity Arn: {} does not clearly define entity type and name.", text));
  }
  std::string name = text.substr(text.rfind('/') + 1);
  Caller caller;
  caller.account = call.site.account;
  caller.name = name;
  if (kind == "role") {
    identity::Role role = require_role(call.txn, name);
    caller.kind = PrincipalKind::assumed_role;
    caller.arn = caller.role_arn = role.arn;
    caller.user_id = role.id;
  } else {
    identity::User user = require_user(call.txn, name);
    caller.kind = PrincipalKind::user;
    caller.arn = user.arn;
    caller.user_id = user.id;
  }
  if (caller.arn == text) return caller;
  throw errors::no_such_entity_exception(fmt::format("{} does not exist.", text));
}

std::vector<Source> sources_of(Call& call, const Caller& caller) {
  const std::string id = identity::principal_id(caller);
  const std::string kind = caller.kind == PrincipalKind::user ? "user" : "role";
  std::vector<Source> sources;
  for (const auto& policy : identity::list_inline_policies(call.txn, id)) {
    sources.push_back(stored_source(policy.name, kind, policy.document));
  }
  for (const std::string& arn : identity::list_attached_policies(call.txn, id)) {
    auto policy = identity::find_policy(call.txn, arn);
    if (!policy) throw errors::policy_evaluation_exception(fmt::format("{} is unknown here.", arn));
    bool aws = arn.starts_with("arn:aws:iam::aws:");
    sources.push_back(
        stored_source(policy->name, aws ? "aws-managed" : "user-managed", policy->document));
  }
  return sources;
}

void add_given(std::vector<Source>& sources, const std::vector<std::string>& documents) {
  for (std::size_t i = 0; i < documents.size(); ++i) {
    sources.push_back(given_source(fmt::format("PolicyInputList.{}", i + 1), "none", documents[i],
                                   policy::Kind::identity));
  }
}

/// What the evaluation of this daemon does not know must not look as if it had been weighed.
template <class Item>
void refuse_unknown(const std::optional<std::vector<Item>>& list, std::string_view what) {
  if (!list || list->empty()) return;
  throw errors::invalid_input_exception(fmt::format("{} are not supported here.", what));
}

void check_action(const std::string& action) {
  bool plain = split(action, ':').size() == 2 && action.find_first_of("*? ") == std::string::npos;
  if (plain) return;
  throw errors::invalid_input_exception(
      fmt::format("Invalid Action Name: {} is not of the form service:Action.", action));
}

policy::Context facts_of(const Scene& scene, std::string_view action, std::string_view resource) {
  policy::Context facts;
  if (scene.caller) {
    facts = identity::facts_of(*scene.caller, {action, resource, {}}, std::nullopt);
  }
  for (const ContextEntry& entry : scene.entries) {
    const auto values = entry.context_key_values.value_or(std::vector<std::string>());
    if (entry.context_key_name && !values.empty()) facts.set(*entry.context_key_name, values);
  }
  return facts;
}

Position position_of(policy::Position position) { return {position.line, position.column}; }

Statement describe(const Source& source, const policy::Decision& decision) {
  auto spans = policy::locate_statements(source.text);
  auto index = static_cast<std::size_t>(decision.statement - source.document->statements.data());
  Statement out;
  out.source_policy_id = source.id;
  out.source_policy_type = source.type;
  if (index < spans.size()) {
    out.start_position = position_of(spans[index].start);
    out.end_position = position_of(spans[index].end);
  }
  return out;
}

/// Whether the statement speaks of the action, whatever it says of resources and conditions.
bool about_action(const policy::Statement& statement, const std::string& action) {
  const policy::Context nothing;
  bool listed = std::any_of(statement.actions.begin(), statement.actions.end(),
                            [&](const auto& pattern) { return pattern.matches(action, nothing); });
  return listed != statement.not_actions;
}

void collect_missing(const Source& source, const std::string& action, const policy::Context& facts,
                     std::set<std::string>& missing) {
  for (const policy::Statement& statement : source.document->statements) {
    if (!about_action(statement, action)) continue;
    for (const policy::Condition& condition : statement.conditions) {
      if (facts.find(condition.key) == nullptr) missing.insert(condition.key);
    }
  }
}

/// Each policy by itself, so that all that allow are told: explicit deny before allow.
Finding judge(const Scene& scene, const std::string& action, const std::string& resource) {
  const policy::Context facts = facts_of(scene, action, resource);
  policy::Principal principal;
  if (scene.caller) {
    principal = {scene.caller->account, scene.caller->arn, scene.caller->role_arn, ""};
  }
  const policy::Request request{action, resource, &facts, &principal};
  std::vector<const Source*> sources;
  for (const Source& source : scene.identity) sources.push_back(&source);
  if (scene.resource) sources.push_back(&*scene.resource);
  Finding finding{"implicitDeny", {}, {}};
  std::set<std::string> missing;
  std::vector<Statement> leaning;  // on what identity policies say
  bool allowed = false;
  for (const Source* source : sources) {
    collect_missing(*source, to_lower(action), facts, missing);
    const policy::Document* documents[] = {source->document.get()};
    policy::Decision decision = policy::evaluate(documents, request);
    if (decision.denied()) return {"explicitDeny", {describe(*source, decision)}, {}};
    if (!decision.allowed()) continue;
    bool account_only = decision.naming == policy::Naming::account;
    allowed = allowed || !account_only;
    (account_only ? leaning : finding.matched).push_back(describe(*source, decision));
  }
  if (allowed) {
    finding.decision = "allowed";
    finding.matched.insert(finding.matched.end(), leaning.begin(), leaning.end());
  }
  finding.missing.assign(missing.begin(), missing.end());
  return finding;
}

bool same(const Statement& a, const Statement& b) {
  return a.source_policy_id == b.source_policy_id && a.source_policy_type == b.source_policy_type &&
         a.start_position->line == b.start_position->line &&
         a.start_position->column == b.start_position->column;
}

/// The decision for all resources together: allowed where each of them is.
EvaluationResult together(const std::string& action, std::vector<ResourceSpecificResult> results) {
  EvaluationResult out;
  out.eval_action_name = action;
  out.eval_resource_name = "*";
  out.eval_decision = "allowed";
  for (const auto& result : results) {
    if (result.eval_resource_decision == "allowed" || out.eval_decision == "explicitDeny") continue;
    out.eval_decision = result.eval_resource_decision;
  }
  out.matched_statements.emplace();
  out.missing_context_values.emplace();
  for (const auto& result : results) {
    if (result.eval_resource_decision != out.eval_decision) continue;
    for (const Statement& one : *result.matched_statements) {
      auto& all = *out.matched_statements;
      bool known =
          std::any_of(all.begin(), all.end(), [&](const Statement& has) { return same(has, one); });
      if (!known) all.push_back(one);
    }
  }
  out.resource_specific_results = std::move(results);
  return out;
}

EvaluationResult evaluate(const Scene& scene, const std::string& action,
                          const std::vector<std::string>& resources) {
  check_action(action);
  if (resources.empty()) {
    Finding finding = judge(scene, action, "*");
    EvaluationResult out;
    out.eval_action_name = action;
    out.eval_resource_name = "*";
    out.eval_decision = finding.decision;
    out.matched_statements = std::move(finding.matched);
    out.missing_context_values = std::move(finding.missing);
    return out;
  }
  std::vector<ResourceSpecificResult> results;
  for (const std::string& resource : resources) {
    Finding finding = judge(scene, action, resource);
    ResourceSpecificResult result;
    result.eval_resource_name = resource;
    result.eval_resource_decision = finding.decision;
    result.matched_statements = std::move(finding.matched);
    result.missing_context_values = std::move(finding.missing);
    results.push_back(std::move(result));
  }
  return together(action, std::move(results));
}

/// Actions in the order of the request, a page of them at a time.
template <class Output, class Input>
Output simulate(std::string_view operation, Scene scene, const Input& input) {
  refuse_unknown(input.permissions_boundary_policy_input_list, "Permissions boundaries");
  if (input.resource_policy) {
    scene.resource =
        given_source("ResourcePolicy", "resource", *input.resource_policy, policy::Kind::resource);
  }
  scene.entries = input.context_entries.value_or(std::vector<ContextEntry>());
  const auto resources = input.resource_arns.value_or(std::vector<std::string>());
  std::string filter = join(input.action_names, " ") + " " + join(resources, " ");
  Page page = page_of(operation, filter, input.marker, input.max_items);
  std::vector<std::string> places;
  auto place_of = [](std::size_t index) { return fmt::format("{:06}", index); };
  for (std::size_t i = 0; i < input.action_names.size(); ++i) places.push_back(place_of(i));
  Output output;
  output.evaluation_results.emplace();
  auto itself = [](const std::string& place) { return place; };
  for (const std::string& place : cut(page, std::move(places), itself, output)) {
    const std::string& action = input.action_names[std::stoul(place)];
    output.evaluation_results->push_back(evaluate(scene, action, resources));
  }
  return output;
}

}  // namespace

SimulatePrincipalPolicyOutput simulate_principal_policy(Call& call,
                                                        const SimulatePrincipalPolicyInput& input) {
  refuse_unknown(input.policy_exclusion_list, "Exclusions of policies");
  Scene scene;
  Caller source = entity_of(call, input.policy_source_arn);
  scene.identity = sources_of(call, source);
  add_given(scene.identity, input.policy_input_list.value_or(std::vector<std::string>()));
  scene.caller = input.caller_arn ? entity_of(call, *input.caller_arn) : source;
  return simulate<SimulatePrincipalPolicyOutput>("SimulatePrincipalPolicy", std::move(scene),
                                                 input);
}

SimulateCustomPolicyOutput simulate_custom_policy(Call& call,
                                                  const SimulateCustomPolicyInput& input) {
  refuse_unknown(input.ordered_organization_policy_input_list, "Policies of organizations");
  Scene scene;
  add_given(scene.identity, input.policy_input_list);
  if (input.caller_arn) scene.caller = entity_of(call, *input.caller_arn);
  return simulate<SimulateCustomPolicyOutput>("SimulateCustomPolicy", std::move(scene), input);
}

}  // namespace trainyard::iam
