#include <fmt/format.h>

#include "base/arn.hpp"
#include "base/error.hpp"
#include "identity/access.hpp"
#include "identity/identity.hpp"
#include "identity/policies.hpp"
#include "identity/roles.hpp"
#include "identity/users.hpp"

namespace trainyard::identity {
namespace {


/// The daemon on its own behalf (server/parts.hpp).
constexpr std::string_view kInternal = "trainyard.internal";

/// IAM User Guide, "Troubleshoot access denied error messages".
std::string reason_of(Outcome outcome, std::string_view action) {
  switch (outcome) {
    case Outcome::allowed: break;
    case Outcome::identity_denies: return "with an explicit deny in an identity-based policy";
    case Outcome::session_denies: return "with an explicit deny in a session policy";
    case Outcome::resource_denies: return "with an explicit deny in a resource-based policy";
    case Outcome::identity_silent:
      return fmt::format("because no identity-based policy allows the {} action", action);
    case Outcome::session_silent:
      return fmt::format("because no session policy allows the {} action", action);
    case Outcome::resource_silent:
      return fmt::format("because no resource-based policy allows the {} action", action);
  }
  return "";
}

}  // namespace

void authorise(Txn& txn, const Caller& caller, const Authorisation& request, Time now) {
  if (caller.via_service == kInternal) return;
  Question question{request.action, request.resource, request.context};
  std::shared_ptr<const policy::Document> resource_policy;
  if (!request.resource_policy.empty()) {
    resource_policy = parsed_document(request.resource_policy, policy::Kind::resource);
    question.resource_policy = resource_policy.get();
  }
  Outcome outcome = decide(txn, caller, question, now);
  if (outcome == Outcome::allowed) return;
  throw ApiError(std::string(request.code), request.http_status,
                 fmt::format("User: {} is not authorized to perform: {} on resource: {} {}",
                             caller.arn, request.action, request.resource,
                             reason_of(outcome, request.action)));
}

std::string canonical_arn(Txn& txn, std::string_view text) {
  auto arn = parse_arn(text);
  auto slash = arn ? arn->resource.find('/') : std::string::npos;
  if (slash == std::string::npos || arn->service != "iam") return std::string(text);
  std::string kind = arn->resource.substr(0, slash);
  std::string name = arn->resource.substr(slash + 1);
  if (kind == "role") {
    if (auto role = find_role(txn, name)) return role->arn;
  } else if (kind == "user") {
    if (auto user = find_user(txn, name)) return user->arn;
  }
  return std::string(text);
}

}  // namespace trainyard::identity
