// The decision behind authorise and behind the assumption of roles. Internal to identity, but for
// what IAM simulates.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "identity/caller.hpp"
#include "policy/evaluate.hpp"
#include "store/txn.hpp"

namespace trainyard::identity {

/// Which kind of policy stood in the way, and whether by a deny or by silence.
enum class Outcome {
  allowed,
  identity_denies, session_denies, resource_denies,
  identity_silent, session_silent, resource_silent,
};

struct Question {
  std::string_view action;
  std::string_view resource;
  std::map<std::string, std::string> context;
  /// A bucket policy, a role's trust policy; nullptr for none.
  const policy::Document* resource_policy = nullptr;
  /// A role can be assumed only where its trust policy allows it; elsewhere in one account either
  /// side may allow.
  bool resource_must_allow = false;
};

/// Identity policies, session policy and resource policy together (IAM User Guide, "Policy
/// evaluation logic", within one account). `now` becomes aws:CurrentTime where it is known.
Outcome decide(Txn& txn, const Caller& caller, const Question& question, std::optional<Time> now);

/// The condition keys that follow from the caller and the resource.
policy::Context facts_of(const Caller& caller, const Question& question, std::optional<Time> now);

/// The id under which the caller's role or user keeps its policies.
std::string principal_id(const Caller& caller);

}  // namespace trainyard::identity
