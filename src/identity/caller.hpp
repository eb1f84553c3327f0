// Who makes a call.
#pragma once

#include <string>

namespace trainyard {

enum class PrincipalKind { root, user, assumed_role };

struct Caller {
  PrincipalKind kind = PrincipalKind::root;
  std::string account;
  std::string arn;        // as GetCallerIdentity answers: …:root, …:assumed-role/R/session
  std::string user_id;    // "AIDA…", "AROA…:session", the account for root
  std::string name;       // user or role name; "" for root
  std::string role_arn;   // assumed_role: the role's own ARN
  std::string access_key;
  std::string session_policy;   // AssumeRole's Policy, a JSON document, or ""
  std::string via_service;      // "states.amazonaws.com" when a service acts for the principal
  /// The service's own work with the principal's rights: nobody had it make this call.
  bool by_service = false;
  std::string source_ip;
};

}  // namespace trainyard
