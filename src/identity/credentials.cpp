// Keys and sessions: whose they are, and how sessions come to be.
#include <fmt/format.h>

#include "base/arn.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "identity/access.hpp"
#include "identity/identity.hpp"
#include "identity/keys.hpp"
#include "identity/policies.hpp"
#include "identity/roles.hpp"
#include "identity/users.hpp"
#include "store/remembered.hpp"

namespace trainyard::identity {
namespace {

/// Sessions are remembered for so long after their end, so that a late request hears "expired".
constexpr std::chrono::hours kEndedSessionKept{24};
/// Credentials that are remembered while nothing is committed.
constexpr std::size_t kCredentialsMax = 512;
constexpr std::size_t kSessionNameMin = 2;
constexpr std::size_t kSessionNameMax = 64;
constexpr int kForbidden = 403;

std::string account_of(std::string_view arn) {
  auto parts = parse_arn(arn);
  TRAINYARD_ASSERT(parts.has_value());
  return parts->account;
}

Caller root_caller(const std::string& account, const std::string& access_key) {
  Caller caller;
  caller.kind = PrincipalKind::root;
  caller.account = account;
  caller.arn = "arn:aws:iam::" + account + ":root";
  caller.user_id = account;
  caller.access_key = access_key;
  return caller;
}

Caller session_caller(const std::string& role_name, const std::string& role_arn,
                      const std::string& role_id, const std::string& session_name) {
  Caller caller;
  caller.kind = PrincipalKind::assumed_role;
  caller.account = account_of(role_arn);
  caller.arn = fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", caller.account, role_name,
                           session_name);
  caller.user_id = role_id + ":" + session_name;
  caller.name = role_name;
  caller.role_arn = role_arn;
  return caller;
}

std::optional<Credential> find_session(Txn& txn, std::string_view access_key) {
  return txn.one(
      "SELECT s.secret, s.token, s.name, s.policy, s.expires, r.name, r.arn, r.id "
      "FROM sts_sessions s JOIN iam_roles r ON r.id = s.role_id WHERE s.access_key = ?",
      [&](const Row& row) {
        Credential credential;
        credential.access_key = std::string(access_key);
        credential.secret = row.text(0);
        credential.session_token = row.text(1);
        credential.expires = row.time(4);
        credential.caller = session_caller(row.text(5), row.text(6), row.text(7), row.text(2));
        credential.caller.access_key = credential.access_key;
        credential.caller.session_policy = row.text(3);
        return credential;
      },
      access_key);
}

std::optional<Credential> find_key(Txn& txn, std::string_view access_key) {
  return txn.one(
      "SELECT k.secret, k.account, k.user_id, u.name, u.arn "
      "FROM iam_access_keys k LEFT JOIN iam_users u ON u.id = k.user_id "
      "WHERE k.id = ? AND k.active = 1 AND (k.user_id IS NULL OR u.id IS NOT NULL)",
      [&](const Row& row) {
        Credential credential;
        credential.access_key = std::string(access_key);
        credential.secret = row.text(0);
        credential.caller = root_caller(row.text(1), credential.access_key);
        if (row.is_null(2)) return credential;
        credential.caller.kind = PrincipalKind::user;
        credential.caller.user_id = row.text(2);
        credential.caller.name = row.text(3);
        credential.caller.arn = row.text(4);
        return credential;
      },
      access_key);
}

[[noreturn]] void refuse(std::string_view who, std::string_view role_arn, Outcome outcome) {
  std::string_view deny = outcome == Outcome::identity_denies
                              ? " with an explicit deny in an identity-based policy"
                          : outcome == Outcome::session_denies
                              ? " with an explicit deny in a session policy"
                          : outcome == Outcome::resource_denies
                              ? " with an explicit deny in a resource-based policy"
                              : "";
  throw ApiError("AccessDenied", kForbidden,
                 fmt::format("User: {} is not authorized to perform: sts:AssumeRole on resource: "
                             "{}{}",
                             who, role_arn, deny));
}

/// Whether the trust policy lets the service have a session.
bool service_may_assume(const policy::Document& trust, const Role& role, std::string_view service,
                        const std::map<std::string, std::string>& context,
                        std::optional<Time> now) {
  policy::Context facts;
  facts.set("aws:SourceAccount", account_of(role.arn));
  facts.set("aws:PrincipalServiceName", std::string(service));
  facts.set("aws:PrincipalIsAWSService", "true");
  facts.set("aws:ViaAWSService", "false");
  if (now) facts.set("aws:CurrentTime", iso8601_seconds(*now));
  for (const auto& [key, value] : context) facts.set(key, value);
  policy::Principal principal;
  principal.service = std::string(service);
  const policy::Document* documents[] = {&trust};
  return policy::evaluate(documents, {"sts:AssumeRole", role.arn, &facts, &principal}).allowed();
}

/// The role, once it is certain that the one who asks may have it. A missing role and one that does
/// not trust give the same answer: who is not trusted learns nothing.
Role assumable_role(Txn& txn, const SessionRequest& request, std::optional<Time> now) {
  std::string who = request.by ? request.by->arn : request.service;
  auto role = find_role_by_arn(txn, request.role_arn);
  if (!role) refuse(who, request.role_arn, Outcome::resource_silent);
  auto trust = parsed_document(role->trust, policy::Kind::trust);
  std::map<std::string, std::string> context = request.context;
  context["sts:RoleSessionName"] = request.session_name;
  if (!request.service.empty()) {
    if (!service_may_assume(*trust, *role, request.service, context, now)) {
      refuse(who, request.role_arn, Outcome::resource_silent);
    }
    return *role;
  }
  TRAINYARD_ASSERT(request.by != nullptr);
  Question question{"sts:AssumeRole", role->arn, std::move(context), trust.get(), true};
  Outcome outcome = decide(txn, *request.by, question, now);
  if (outcome != Outcome::allowed) refuse(who, request.role_arn, outcome);
  return *role;
}

/// [\w+=,.@-]{2,64}, as AssumeRole demands it of a RoleSessionName.
std::string session_name_of(std::string_view text) {
  std::string name(text.substr(0, kSessionNameMax));
  for (char& c : name) {
    bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (!plain && std::string_view("_+=,.@-").find(c) == std::string_view::npos) c = '-';
  }
  while (name.size() < kSessionNameMin) name += '-';
  return name;
}

}  // namespace

std::string new_secret(Random& random) {
  constexpr int kBytes = 30;  // 40 characters, as AWS's secrets
  return base64(*unhex(random.hex(2 * kBytes)));
}

std::optional<Credential> find_credential(Txn& txn, std::string_view access_key) {
  static Remembered<std::optional<Credential>> remembered(kCredentialsMax);
  return remembered.get(txn, access_key, [&] {
    return access_key.starts_with("ASIA") ? find_session(txn, access_key)
                                          : find_key(txn, access_key);
  });
}

Credential ensure_root(Txn& txn, std::string_view account, Random& random, Time now) {
  auto id = txn.one(
      "SELECT id FROM iam_access_keys WHERE user_id IS NULL AND account = ? AND active = 1 "
      "ORDER BY created, id LIMIT 1",
      [](const Row& row) { return row.text(0); }, account);
  if (!id) {
    AccessKey key;
    key.id = "AKIA" + random.base32(kKeyIdLength);
    key.secret = new_secret(random);
    key.account = std::string(account);
    key.created = now;
    insert_access_key(txn, key);
    id = key.id;
  }
  return find_key(txn, *id).value();
}

Credential open_session(Txn& txn, const SessionRequest& request, Random& random, Time now) {
  constexpr int kTokenBytes = 192;
  Role role = assumable_role(txn, request, now);
  Credential credential;
  credential.access_key = "ASIA" + random.base32(kKeyIdLength);
  credential.secret = new_secret(random);
  credential.session_token = base64(*unhex(random.hex(2 * kTokenBytes)));
  credential.expires = now + request.duration;
  std::string name = session_name_of(request.session_name);
  credential.caller = session_caller(role.name, role.arn, role.id, name);
  credential.caller.access_key = credential.access_key;
  credential.caller.session_policy = request.policy;
  txn.exec("DELETE FROM sts_sessions WHERE expires < ?", now - kEndedSessionKept);
  txn.exec("INSERT INTO sts_sessions(access_key, secret, token, role_id, name, policy, expires) "
           "VALUES (?, ?, ?, ?, ?, ?, ?)",
           credential.access_key, credential.secret, credential.session_token, role.id, name,
           request.policy, *credential.expires);
  return credential;
}

Caller assume_for_service(Txn& txn, std::string_view role_arn, std::string_view service,
                          std::string_view session_name,
                          const std::map<std::string, std::string>& context) {
  SessionRequest request;
  request.role_arn = std::string(role_arn);
  request.session_name = session_name_of(session_name);
  request.service = std::string(service);
  request.context = context;
  Role role = assumable_role(txn, request, std::nullopt);
  Caller caller = session_caller(role.name, role.arn, role.id, request.session_name);
  caller.via_service = request.service;
  return caller;
}

Caller assume_from(Txn& txn, const Caller& by, std::string_view role_arn,
                   std::string_view session_name, const std::map<std::string, std::string>& context,
                   Time now) {
  SessionRequest request;
  request.role_arn = std::string(role_arn);
  request.session_name = session_name_of(session_name);
  request.by = &by;
  request.context = context;
  Role role = assumable_role(txn, request, now);
  Caller caller = session_caller(role.name, role.arn, role.id, request.session_name);
  caller.via_service = by.via_service;
  return caller;
}

}  // namespace trainyard::identity
