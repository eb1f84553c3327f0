// SimulatePrincipalPolicy, SimulateCustomPolicy: what policies say to a request that nobody makes,
// and which statements say it.
#include <fmt/format.h>

#include <set>
#include <tuple>

#include "base/arn.hpp"
#include "base/text.hpp"
#include "identity/access.hpp"
#include "policy/evaluate.hpp"
#include "policy/locate.hpp"
#include "services/iam/common.hpp"

namespace trainyard::iam {
namespace {

/// Statements of a PolicyInputList.
constexpr std::size_t kStatementsMax = 10'000;
/// Actions times resources of an answer: AWS's page of actions has at most 1000, of resources it
/// names no limit.
constexpr std::size_t kPairsMax = 10'000;
/// Those times statements: an answer names each statement for each resource that it allows.
constexpr std::size_t kJudgementsMax = 200'000;

/// A statement as a document of its own, since each that has a say is told of; and how it is told.
struct Piece {
  policy::Document document;
  Statement told;
};

/// A policy of the simulation, a piece a statement.
using Source = std::vector<Piece>;

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

Position position_of(policy::Position position) { return {position.line, position.column}; }

Source source_of(const std::string& id, const std::string& type, const std::string& text,
                 const policy::Document& document) {
  const auto spans = policy::locate_statements(text);
  Source source;
  for (std::size_t i = 0; i < document.statements.size(); ++i) {
    Piece piece{{document.version, document.id, {document.statements[i]}}, {}};
    piece.told.source_policy_id = id;
    piece.told.source_policy_type = type;
    if (i < spans.size()) {
      piece.told.start_position = position_of(spans[i].start);
      piece.told.end_position = position_of(spans[i].end);
    }
    source.push_back(std::move(piece));
  }
  return source;
}

/// ApiError InvalidInput unless `text` is a policy of that kind.
Source given_source(const std::string& id, const std::string& type, const std::string& text,
                    policy::Kind kind) {
  std::string error;
  auto document = policy::parse_document(text, kind, &error);
  if (!document) throw errors::invalid_input_exception(fmt::format("{}: {}", id, error));
  return source_of(id, type, text, *document);
}

Source stored_source(const std::string& id, const std::string& type, const std::string& text) {
  return source_of(id, type, text, *identity::parsed_document(text, policy::Kind::identity));
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
  std::size_t statements = 0;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    sources.push_back(given_source(fmt::format("PolicyInputList.{}", i + 1), "none", documents[i],
                                   policy::Kind::identity));
    statements += sources.back().size();
    if (statements > kStatementsMax) {
      throw errors::invalid_input_exception(
          fmt::format("PolicyInputList has more than {} statements.", kStatementsMax));
    }
  }
}

/// What the evaluation of this daemon does not know must not look as if it had been weighed.
template <class Item>
void refuse_unknown(const std::optional<std::vector<Item>>& list, std::string_view what) {
  if (!list || list->empty()) return;
  throw errors::invalid_input_exception(fmt::format("{} are not supported here.", what));
}

void refuse_another_owner(const std::optional<std::string>& owner, const Site& site) {
  if (!owner) return;
  const auto arn = parse_arn(*owner);
  if (arn && arn->account == site.account) return;
  throw errors::invalid_input_exception(
      fmt::format("Resources of another account ({}) are not supported here.", *owner));
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

/// Whether the statement speaks of the action, whatever it says of resources and conditions.
bool about_action(const policy::Statement& statement, const std::string& action) {
  const policy::Context nothing;
  bool listed = std::any_of(statement.actions.begin(), statement.actions.end(),
                            [&](const auto& pattern) { return pattern.matches(action, nothing); });
  return listed != statement.not_actions;
}

void collect_missing(const policy::Statement& statement, const std::string& action,
                     const policy::Context& facts, std::set<std::string>& missing) {
  if (!about_action(statement, action)) return;
  for (const policy::Condition& condition : statement.conditions) {
    if (facts.find(condition.key) == nullptr) missing.insert(condition.key);
  }
}

std::vector<const Piece*> pieces_of(const Scene& scene) {
  std::vector<const Piece*> pieces;
  for (const Source& source : scene.identity) {
    for (const Piece& piece : source) pieces.push_back(&piece);
  }
  if (scene.resource) {
    for (const Piece& piece : *scene.resource) pieces.push_back(&piece);
  }
  return pieces;
}

/// Each statement by itself, so that all that allow are told: explicit deny before allow.
Finding judge(const Scene& scene, const std::string& action, const std::string& resource) {
  const policy::Context facts = facts_of(scene, action, resource);
  policy::Principal principal;
  if (scene.caller) {
    principal = {scene.caller->account, scene.caller->arn, scene.caller->role_arn, ""};
  }
  const policy::Request request{action, resource, &facts, &principal};
  Finding finding{"implicitDeny", {}, {}};
  std::set<std::string> missing;
  std::vector<Statement> leaning;  // on what identity policies say
  bool allowed = false;
  for (const Piece* piece : pieces_of(scene)) {
    collect_missing(piece->document.statements.front(), to_lower(action), facts, missing);
    const policy::Document* documents[] = {&piece->document};
    const policy::Decision decision = policy::evaluate(documents, request);
    if (decision.denied()) return {"explicitDeny", {piece->told}, {}};
    if (!decision.allowed()) continue;
    bool account_only = decision.naming == policy::Naming::account;
    allowed = allowed || !account_only;
    (account_only ? leaning : finding.matched).push_back(piece->told);
  }
  if (allowed) {
    finding.decision = "allowed";
    finding.matched.insert(finding.matched.end(), leaning.begin(), leaning.end());
  }
  finding.missing.assign(missing.begin(), missing.end());
  return finding;
}

/// What tells a statement from the others.
auto identity_of(const Statement& statement) {
  return std::tuple(std::string_view(*statement.source_policy_id),
                    std::string_view(*statement.source_policy_type),
                    statement.start_position->line, statement.start_position->column);
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
  std::set<decltype(identity_of(Statement()))> told;
  for (const auto& result : results) {
    if (result.eval_resource_decision != out.eval_decision) continue;
    for (const Statement& one : *result.matched_statements) {
      if (told.insert(identity_of(one)).second) out.matched_statements->push_back(one);
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

void check_size(std::size_t actions, std::size_t resources, std::size_t statements) {
  const std::size_t pairs = actions * std::max<std::size_t>(resources, 1);
  if (pairs <= kPairsMax && pairs * statements <= kJudgementsMax) return;
  throw errors::invalid_input_exception(
      fmt::format("More than {} pairs of an action and a resource, or more than {} such with a "
                  "statement ({} actions, {} resources, {} statements): name fewer resources, or "
                  "ask for fewer actions at a time (MaxItems).",
                  kPairsMax, kJudgementsMax, actions, resources, statements));
}

/// Actions in the order of the request, a page of them at a time.
template <class Output, class Input>
Output simulate(const Call& call, std::string_view operation, Scene scene, const Input& input) {
  refuse_unknown(input.permissions_boundary_policy_input_list, "Permissions boundaries");
  refuse_another_owner(input.resource_owner, call.site);
  if (input.resource_handling_option) {
    throw errors::invalid_input_exception("ResourceHandlingOption is not supported here.");
  }
  if (input.resource_policy) {
    if (!scene.caller) {
      throw errors::invalid_input_exception("A ResourcePolicy needs a CallerArn.");
    }
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
  check_size(std::min(places.size(), page.max), resources.size(), pieces_of(scene).size());
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
  return simulate<SimulatePrincipalPolicyOutput>(call, "SimulatePrincipalPolicy",
                                                 std::move(scene), input);
}

SimulateCustomPolicyOutput simulate_custom_policy(Call& call,
                                                  const SimulateCustomPolicyInput& input) {
  refuse_unknown(input.ordered_organization_policy_input_list, "Policies of organizations");
  Scene scene;
  add_given(scene.identity, input.policy_input_list);
  if (input.caller_arn) scene.caller = entity_of(call, *input.caller_arn);
  return simulate<SimulateCustomPolicyOutput>(call, "SimulateCustomPolicy", std::move(scene),
                                              input);
}

}  // namespace trainyard::iam
