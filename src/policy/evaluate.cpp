#include "policy/evaluate.hpp"

#include <algorithm>
#include <cctype>

#include "base/error.hpp"
#include "base/text.hpp"

namespace trainyard::policy {
namespace {

/// "states.us-east-1.amazonaws.com" is how some services were named before they had one name; it
/// still means the service.
bool is_service(std::string_view named, std::string_view service) {
  if (iequals(named, service)) return true;
  auto parts = split(to_lower(named), '.');
  auto wanted = split(service, '.');
  if (parts.size() != 4 || wanted.size() != 3 || parts[0] != wanted[0]) return false;
  bool region = std::count(parts[1].begin(), parts[1].end(), '-') >= 2 &&
                std::isdigit(static_cast<unsigned char>(parts[1].back()));
  return region && parts[2] == wanted[1] && parts[3] == wanted[2];
}

Naming naming_of(const std::string& named, const Principal& principal) {
  if (named == "*") return principal.role_arn.empty() ? Naming::itself : Naming::role;
  if (named == principal.arn) return Naming::itself;
  if (!principal.role_arn.empty() && named == principal.role_arn) return Naming::role;
  bool account = !principal.account.empty() &&
                 (named == principal.account ||
                  named == "arn:aws:iam::" + principal.account + ":root");
  return account ? Naming::account : Naming::none;
}

bool any_matches(const std::vector<Pattern>& patterns, std::string_view text,
                 const Context& context) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const Pattern& pattern) { return pattern.matches(text, context); });
}

/// Whether the statement is about the resource. A variable that the request lacks matches nothing;
/// where the list says what the statement is not about, it is a gap that must not allow.
bool about_resource(const Statement& statement, std::string_view resource, const Context& context) {
  if (statement.resources.empty()) return true;
  bool listed = any_matches(statement.resources, resource, context);
  if (!statement.not_resources || listed) return listed != statement.not_resources;
  bool gap = std::any_of(statement.resources.begin(), statement.resources.end(),
                         [&](const Pattern& pattern) { return !pattern.resolves(context); });
  return !gap || statement.effect == Effect::deny;
}

/// How the statement applies to the request; none when it does not.
Naming applies(const Statement& statement, const Request& request, std::string_view action) {
  const Context& context = *request.context;
  if (any_matches(statement.actions, action, context) == statement.not_actions) return Naming::none;
  if (!about_resource(statement, request.resource, context)) return Naming::none;
  Naming named = Naming::itself;
  if (statement.principals) {
    TRAINYARD_ASSERT(request.principal != nullptr);
    named = naming(*statement.principals, *request.principal);
    if (statement.not_principals) named = named == Naming::none ? Naming::itself : Naming::none;
    if (named == Naming::none) return Naming::none;
  }
  bool met = std::all_of(statement.conditions.begin(), statement.conditions.end(),
                         [&](const Condition& condition) {
                           return holds(condition, context, statement.effect == Effect::deny);
                         });
  return met ? named : Naming::none;
}

}  // namespace

Naming naming(const Principals& principals, const Principal& principal) {
  if (!principal.service.empty()) {
    bool named = principals.everyone ||
                 std::any_of(principals.services.begin(), principals.services.end(),
                             [&](const std::string& name) {
                               return is_service(name, principal.service);
                             });
    return named ? Naming::itself : Naming::none;
  }
  Naming closest = principals.everyone ? naming_of("*", principal) : Naming::none;
  for (const std::string& name : principals.aws) {
    closest = std::max(closest, naming_of(name, principal));
  }
  return closest;
}

Decision evaluate(std::span<const Document* const> documents, const Request& request) {
  TRAINYARD_ASSERT(request.context != nullptr);
  const std::string action = to_lower(request.action);
  Decision decision;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    for (const Statement& statement : documents[i]->statements) {
      Naming named = applies(statement, request, action);
      if (named == Naming::none) continue;
      if (statement.effect == Effect::deny) {
        return {Decision::Verdict::denied, &statement, i, named};
      }
      if (named > decision.naming) {
        decision = {Decision::Verdict::allowed, &statement, i, named};
      }
    }
  }
  return decision;
}

}  // namespace trainyard::policy
