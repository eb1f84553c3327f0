// Who may do what: explicit deny before allow before nothing at all (IAM User Guide, "Policy
// evaluation logic").
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "policy/document.hpp"

namespace trainyard::policy {

/// Whom a resource or trust policy may name.
struct Principal {
  std::string account;
  std::string arn;       // of the user, the session, or the account's root
  std::string role_arn;  // of a session's role, else ""
  std::string service;   // "states.amazonaws.com" for a service on its own behalf; the rest is ""
};

/// How closely a statement names a principal, from not at all to by its own name. What names only
/// the account leaves the decision to the account's identity policies; what names a role holds for
/// its sessions within their session policies.
enum class Naming { none, account, role, itself };

Naming naming(const Principals& principals, const Principal& principal);

struct Request {
  std::string_view action;    // "s3:GetObject", in any case
  std::string_view resource;  // an ARN or "*"; not looked at where statements name none
  const Context* context = nullptr;
  const Principal* principal = nullptr;  // for documents that name principals
};

struct Decision {
  enum class Verdict { denied, implicitly_denied, allowed };
  Verdict verdict = Verdict::implicitly_denied;
  /// The statement that decided: the first deny that applies, else the allow that names the
  /// principal most closely (the first of those); nullptr when no statement applies.
  const Statement* statement = nullptr;
  std::size_t document = 0;  // which of the documents it stands in
  /// How the deciding allow names the principal; `itself` where it names none.
  Naming naming = Naming::none;

  bool allowed() const { return verdict == Verdict::allowed; }
  bool denied() const { return verdict == Verdict::denied; }
};

/// The verdict of all documents together. Their order and that of their statements do not matter to
/// it.
Decision evaluate(std::span<const Document* const> documents, const Request& request);

}  // namespace trainyard::policy
