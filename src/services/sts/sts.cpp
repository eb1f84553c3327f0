#include <fmt/format.h>

#include "base/json.hpp"
#include "base/text.hpp"
#include "generated/sts/errors.hpp"
#include "generated/sts/operations.hpp"
#include "identity/identity.hpp"
#include "identity/policies.hpp"
#include "identity/roles.hpp"
#include "policy/document.hpp"
#include "services/call.hpp"

namespace trainyard::sts {
namespace {

constexpr int32_t kDurationDefault = 3600;    // seconds
constexpr int32_t kDurationChainedMax = 3600;
constexpr std::size_t kSessionPolicyMax = 2048;  // characters without white space
constexpr std::size_t kPolicyArnsMax = 10;

ApiError validation_error(std::string message) {
  return ApiError("ValidationError", 400, std::move(message));
}

/// What would change who the session is, or what it takes to get one, must not pass unheard.
void refuse_unsupported(const AssumeRoleInput& input) {
  auto refuse = [](std::string_view member) {
    throw validation_error(fmt::format("{} is not supported here.", member));
  };
  if (input.tags && !input.tags->empty()) refuse("Tags");
  if (input.transitive_tag_keys && !input.transitive_tag_keys->empty()) refuse("TransitiveTagKeys");
  if (input.source_identity) refuse("SourceIdentity");
  if (input.serial_number || input.token_code) refuse("SerialNumber");
  if (input.provided_contexts && !input.provided_contexts->empty()) refuse("ProvidedContexts");
}

void add_statements(json::array& statements, std::string_view document) {
  json::value parsed = parse_own_json(document);
  json::value& found = parsed.as_object().at("Statement");
  auto add = [&](json::value& statement) {
    statement.as_object().erase("Sid");  // unique in each document, not in all together
    statements.push_back(std::move(statement));
  };
  if (found.is_object()) {
    add(found);
    return;
  }
  for (auto& statement : found.as_array()) add(statement);
}

/// Policy and PolicyArns as one document; "" when the session has no limits of its own.
std::string session_policy(Call& call, const AssumeRoleInput& input) {
  json::array statements;
  if (input.policy) {
    std::string error;
    if (!policy::parse_document(*input.policy, policy::Kind::identity, &error)) {
      throw errors::malformed_policy_document_exception(error);
    }
    if (policy::size_without_space(*input.policy) > kSessionPolicyMax) {
      throw errors::packed_policy_too_large_exception(
          fmt::format("The session policy exceeds {} characters", kSessionPolicyMax));
    }
    add_statements(statements, *input.policy);
  }
  if (input.policy_arns && input.policy_arns->size() > kPolicyArnsMax) {
    throw validation_error(
        fmt::format("A session takes at most {} managed policies", kPolicyArnsMax));
  }
  for (const auto& named : input.policy_arns.value_or(std::vector<PolicyDescriptorType>())) {
    auto found = identity::find_policy(call.txn, named.arn.value_or(""));
    if (!found) {
      throw errors::malformed_policy_document_exception(
          fmt::format("Policy {} does not exist.", named.arn.value_or("")));
    }
    add_statements(statements, found->document);
  }
  if (statements.empty()) return "";
  return dump(json::object{{"Version", "2012-10-17"}, {"Statement", std::move(statements)}});
}

/// The role's maximum is told only to those whom the role trusts: open_session comes first.
void check_duration(Call& call, const AssumeRoleInput& input, int32_t duration) {
  if (call.caller.kind == PrincipalKind::assumed_role && duration > kDurationChainedMax) {
    throw validation_error(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
        "chaining");
  }
  auto role = identity::find_role_by_arn(call.txn, input.role_arn);
  if (role && duration > role->session_max) {
    throw validation_error(
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
}

}  // namespace

GetCallerIdentityOutput get_caller_identity(Call& call, const GetCallerIdentityInput&) {
  return {call.caller.user_id, call.caller.account, call.caller.arn};
}

AssumeRoleOutput assume_role(Call& call, const AssumeRoleInput& input) {
  if (call.caller.kind == PrincipalKind::root) {
    throw ApiError("AccessDenied", 403, "Roles may not be assumed by root accounts.");
  }
  refuse_unsupported(input);
  identity::SessionRequest request;
  request.role_arn = input.role_arn;
  request.session_name = input.role_session_name;
  request.by = &call.caller;
  request.policy = session_policy(call, input);
  int32_t duration = input.duration_seconds.value_or(kDurationDefault);
  request.duration = std::chrono::seconds(duration);
  request.context["aws:RequestedRegion"] = call.site.region;
  if (input.external_id) request.context["sts:ExternalId"] = *input.external_id;
  identity::Credential session = identity::open_session(call.txn, request, call.random, call.now);
  check_duration(call, input, duration);

  AssumeRoleOutput output;
  output.credentials = Credentials{session.access_key, session.secret, session.session_token,
                                   *session.expires};
  output.assumed_role_user = AssumedRoleUser{session.caller.user_id, session.caller.arn};
  if (!request.policy.empty()) {
    output.packed_policy_size = static_cast<int32_t>(
        std::min<std::size_t>(100, request.policy.size() * 100 / kSessionPolicyMax + 1));
  }
  return output;
}

}  // namespace trainyard::sts
