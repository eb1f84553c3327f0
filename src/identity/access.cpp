#include "identity/access.hpp"

#include "base/arn.hpp"
#include "identity/policies.hpp"

namespace trainyard::identity {
namespace {

policy::Principal principal_of(const Caller& caller) {
  return {caller.account, caller.arn, caller.role_arn, ""};
}

std::string_view type_of(PrincipalKind kind) {
  switch (kind) {
    case PrincipalKind::root: return "Account";
    case PrincipalKind::user: return "User";
    case PrincipalKind::assumed_role: return "AssumedRole";
  }
  return "";
}

std::string bare_address(const std::string& address) {
  bool bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
  return bracketed ? address.substr(1, address.size() - 2) : address;
}

policy::Decision always_allowed() {
  policy::Decision decision;
  decision.verdict = policy::Decision::Verdict::allowed;
  decision.naming = policy::Naming::itself;
  return decision;
}

}  // namespace

std::string principal_id(const Caller& caller) {
  return caller.user_id.substr(0, caller.user_id.find(':'));
}

policy::Context facts_of(const Caller& caller, const Question& question, std::optional<Time> now) {
  policy::Context facts;
  for (const auto& [key, value] : question.context) facts.set(key, value);
  facts.set("aws:PrincipalAccount", caller.account);
  facts.set("aws:PrincipalArn", caller.role_arn.empty() ? caller.arn : caller.role_arn);
  facts.set("aws:PrincipalType", std::string(type_of(caller.kind)));
  facts.set("aws:userid", caller.user_id);
  if (caller.kind == PrincipalKind::user) facts.set("aws:username", caller.name);
  if (!caller.source_ip.empty()) facts.set("aws:SourceIp", bare_address(caller.source_ip));
  facts.set("aws:ViaAWSService", caller.via_service.empty() ? "false" : "true");
  if (!caller.via_service.empty()) {
    facts.set("aws:CalledVia", caller.via_service);
    facts.set("aws:CalledViaFirst", caller.via_service);
    facts.set("aws:CalledViaLast", caller.via_service);
  }
  if (now) {
    facts.set("aws:CurrentTime", iso8601_seconds(*now));
    facts.set("aws:EpochTime", std::to_string(to_millis(*now) / 1000));
  }
  auto arn = parse_arn(question.resource);
  bool foreign = arn && !arn->account.empty();
  facts.set("aws:ResourceAccount", foreign ? arn->account : caller.account);
  return facts;
}

Outcome decide(Txn& txn, const Caller& caller, const Question& question, std::optional<Time> now) {
  const bool root = caller.kind == PrincipalKind::root;
  if (root && caller.session_policy.empty() && question.resource_policy == nullptr &&
      !question.resource_must_allow) {
    return Outcome::allowed;  // no policy has a say
  }
  const policy::Context facts = facts_of(caller, question, now);
  const policy::Principal principal = principal_of(caller);
  const policy::Request request{question.action, question.resource, &facts, &principal};

  Documents owned;
  policy::Decision identity = always_allowed();
  if (!root) {
    owned = documents_of(txn, principal_id(caller));
    std::vector<const policy::Document*> documents;
    for (const auto& document : owned) documents.push_back(document.get());
    identity = policy::evaluate(documents, request);
  }
  if (identity.denied()) return Outcome::identity_denies;

  policy::Decision session = always_allowed();
  if (!caller.session_policy.empty()) {
    auto document = parsed_document(caller.session_policy, policy::Kind::identity);
    const policy::Document* documents[] = {document.get()};
    session = policy::evaluate(documents, request);
  }
  if (session.denied()) return Outcome::session_denies;

  policy::Decision resource;
  if (question.resource_policy != nullptr) {
    const policy::Document* documents[] = {question.resource_policy};
    resource = policy::evaluate(documents, request);
  }
  if (resource.denied()) return Outcome::resource_denies;

  const bool by_identity = identity.allowed() && session.allowed();
  bool by_resource = false;
  if (resource.allowed()) {
    by_resource = resource.naming == policy::Naming::itself ||
                  (resource.naming == policy::Naming::role && session.allowed()) ||
                  (resource.naming == policy::Naming::account && by_identity);
  }
  if (by_resource || (by_identity && !question.resource_must_allow)) return Outcome::allowed;
  if (question.resource_must_allow && !resource.allowed()) return Outcome::resource_silent;
  return identity.allowed() ? Outcome::session_silent : Outcome::identity_silent;
}

}  // namespace trainyard::identity
