// Principals, keys, sessions and their policies: the tables below iam and sts, and the two
// questions that the request pipeline asks of them: whose key is this, and may they?
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "identity/caller.hpp"
#include "store/store.hpp"

namespace trainyard::identity {

/// What SigV4 verification needs of an access key.
struct Credential {
  std::string access_key;
  std::string secret;
  std::string session_token;         // "" for long-term keys
  std::optional<Time> expires;
  Caller caller;
};

/// Root, user and session keys alike; nullopt for an unknown or inactive key.
std::optional<Credential> find_credential(Txn& txn, std::string_view access_key);

/// Keys of the account's root, made at first start and kept for good.
Credential ensure_root(Txn& txn, std::string_view account, Random& random, Time now);

/// A session of a role. `service` is "states.amazonaws.com" and the like when a service assumes it
/// (the trust policy must name it), "" when `by` does (the trust policy must allow `by`).
/// ApiError AccessDenied 403 otherwise; also when the role does not exist.
struct SessionRequest {
  std::string role_arn;
  std::string session_name;
  std::string service;
  const Caller* by = nullptr;
  std::string policy;
  std::chrono::seconds duration{3600};
  /// Condition keys of the trust policy beside those that identity knows itself: sts:ExternalId of
  /// an AssumeRole, aws:SourceArn of a service.
  std::map<std::string, std::string> context = {};
};
Credential open_session(Txn& txn, const SessionRequest& request, Random& random, Time now);

/// The principal that a service acts as, without keys: for calls that never leave the daemon.
/// Same checks as open_session. Characters that a session name may not have become '-'. `context`
/// as in SessionRequest.
Caller assume_for_service(Txn& txn, std::string_view role_arn, std::string_view service,
                          std::string_view session_name,
                          const std::map<std::string, std::string>& context = {});

/// The principal that `by` becomes with a role that trusts it, without keys: what a service does on
/// behalf of `by`. Same checks as open_session.
Caller assume_from(Txn& txn, const Caller& by, std::string_view role_arn,
                   std::string_view session_name, const std::map<std::string, std::string>& context,
                   Time now);

/// Evaluates identity policies, session policy and (when given) a resource policy. Throws ApiError
/// AccessDenied/AccessDeniedException with AWS's text: "User: ARN is not authorized to perform:
/// ACTION on resource: RESOURCE because no identity-based policy allows the ACTION action" (or
/// "with an explicit deny in an identity-based policy"). `code` and `http_status` are the service's
/// own.
struct Authorisation {
  std::string_view action;
  std::string_view resource;
  /// What only the asker knows: aws:RequestedRegion, iam:PassedToService, s3:prefix …
  std::map<std::string, std::string> context;
  std::string_view code = "AccessDeniedException";
  int http_status = 403;
  std::string_view resource_policy = {};
};
void authorise(Txn& txn, const Caller& caller, const Authorisation& request, Time now);

/// The ARN by which IAM decides on a role or user: "arn:aws:iam::ACCOUNT:role/NAME" becomes the ARN
/// of the role of that name, whose path only the tables know. All else comes back unchanged.
std::string canonical_arn(Txn& txn, std::string_view arn);

extern const Migration kMigrations[1];

}  // namespace trainyard::identity
