#include "server/authorise.hpp"

#include "base/arn.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "identity/identity.hpp"
#include "wire/scalar.hpp"

namespace trainyard::server {
namespace {

/// "stateMachine:NAME" and the qualifier of the ARN of a state machine, a version or an alias.
std::pair<std::string, std::string> state_machine_parts(const Arn& arn) {
  const std::size_t name = arn.resource.find(':');
  const std::size_t colon = name == std::string::npos ? name : arn.resource.find(':', name + 1);
  if (colon == std::string::npos) return {arn.resource, ""};
  return {arn.resource.substr(0, colon), arn.resource.substr(colon + 1)};
}

/// The number of a version or the name of an alias; "" for another ARN.
std::string qualifier_of(const std::string& text) {
  auto arn = parse_arn(text);
  return arn ? state_machine_parts(*arn).second : "";
}

/// Step Functions decides on the state machine whose version or alias is named (Step Functions
/// Developer Guide, "Authorization for versions and aliases").
std::string unqualified(const std::string& text) {
  auto arn = parse_arn(text);
  if (!arn) return text;
  arn->resource = state_machine_parts(*arn).first;
  return arn->text();
}

/// Condition keys that an operation's input fills (Service Authorization Reference).
struct ConditionKey {
  std::string_view service;
  std::string_view member;
  const char* key;
  std::string (*part)(const std::string& value) = nullptr;  // no key where it is ""
};
constexpr ConditionKey kConditionKeys[] = {
    {"monitoring", "Namespace", "cloudwatch:namespace"},
    {"s3", "Prefix", "s3:prefix"},
    {"s3", "Delimiter", "s3:delimiter"},
    {"s3", "MaxKeys", "s3:max-keys"},
    {"s3", "ACL", "s3:x-amz-acl"},
    {"s3", "GrantFullControl", "s3:x-amz-grant-full-control"},
    {"s3", "GrantRead", "s3:x-amz-grant-read"},
    {"s3", "GrantReadACP", "s3:x-amz-grant-read-acp"},
    {"s3", "GrantWrite", "s3:x-amz-grant-write"},
    {"s3", "GrantWriteACP", "s3:x-amz-grant-write-acp"},
    {"s3", "ServerSideEncryption", "s3:x-amz-server-side-encryption"},
    {"s3", "SSEKMSKeyId", "s3:x-amz-server-side-encryption-aws-kms-key-id"},
    {"s3", "SSECustomerAlgorithm", "s3:x-amz-server-side-encryption-customer-algorithm"},
    {"s3", "StorageClass", "s3:x-amz-storage-class"},
    {"s3", "CopySource", "s3:x-amz-copy-source"},
    {"s3", "MetadataDirective", "s3:x-amz-metadata-directive"},
    {"s3", "WebsiteRedirectLocation", "s3:x-amz-website-redirect-location"},
    {"iam", "PolicyArn", "iam:PolicyARN"},
    {"states", "stateMachineArn", "states:StateMachineQualifier", qualifier_of},
    {"states", "stateMachineVersionArn", "states:StateMachineQualifier", qualifier_of},
    {"states", "stateMachineAliasArn", "states:StateMachineQualifier", qualifier_of},
};

/// The member of that name that holds one value, or nullptr.
const wire::Member* scalar_member(const wire::Shape& shape, std::string_view name) {
  for (const wire::Member& member : shape.members) {
    if (member.name == name && wire::is_scalar(*member.shape)) return &member;
  }
  return nullptr;
}

/// The string member of that name, or nullptr. "a.b" is b of the first structure in the list a.
const std::string* string_member(const wire::Shape& shape, const void* structure,
                                 std::string_view name) {
  if (auto dot = name.find('.'); dot != std::string_view::npos) {
    for (const wire::Member& member : shape.members) {
      if (member.name != name.substr(0, dot) || member.shape->kind != wire::Kind::list) continue;
      const void* list = member.get(structure);
      if (list == nullptr || member.shape->list->size(list) == 0) return nullptr;
      return string_member(*member.shape->element, member.shape->list->at(list, 0),
                           name.substr(dot + 1));
    }
    return nullptr;
  }
  const wire::Member* member = scalar_member(shape, name);
  if (member == nullptr || member->shape->kind != wire::Kind::string) return nullptr;
  return static_cast<const std::string*>(member->get(structure));
}

/// Whether the flag of that name is set.
bool flag_member(const wire::Shape& shape, const void* structure, std::string_view name) {
  const wire::Member* member = name.empty() ? nullptr : scalar_member(shape, name);
  if (member == nullptr || member->shape->kind != wire::Kind::boolean) return false;
  const auto* value = static_cast<const bool*>(member->get(structure));
  return value != nullptr && *value;
}

/// A name, or the ARN of a log group, whose name it is then: "…:log-group:NAME:*". As the handlers
/// of logs read it (services/logs/rows.cpp), or one group would be decided on and another be shown.
std::string name_in(const std::string& identifier) {
  auto arn = parse_arn(identifier);
  if (!arn) return identifier;
  std::string name = arn->resource.substr(arn->resource.find(':') + 1);
  return name.ends_with(":*") ? name.substr(0, name.size() - 2) : name;
}

/// The value of a placeholder of a template: "region", a member, or members of which the first that
/// is present counts ("logGroupName|logGroupIdentifier"). nullopt when none is. "lower:Member" is
/// the value in lower case, where ARNs have it so; "unqualified:Member" the state machine's ARN.
std::optional<std::string> placed(std::string_view names, const wire::Shape& shape,
                                  const void* input, const Site& site) {
  constexpr std::string_view kLower = "lower:", kUnqualified = "unqualified:";
  if (names.starts_with(kLower)) {
    auto value = placed(names.substr(kLower.size()), shape, input, site);
    return value ? std::optional(to_lower(*value)) : std::nullopt;
  }
  if (names.starts_with(kUnqualified)) {
    auto value = placed(names.substr(kUnqualified.size()), shape, input, site);
    return value ? std::optional(unqualified(*value)) : std::nullopt;
  }
  if (names == "region") return site.region;
  if (names == "account") return site.account;
  auto alternatives = split(names, '|');
  for (const std::string& name : alternatives) {
    const std::string* value = string_member(shape, input, name);
    if (value != nullptr) return alternatives.size() > 1 ? name_in(*value) : *value;
  }
  if (names == "Path") return "/";  // the path of what IAM creates without one
  return std::nullopt;
}

std::string fill(std::string_view text, const wire::Shape& shape, const void* input,
                 const Site& site, const Caller& caller) {
  std::string out;
  for (;;) {
    auto open = text.find('{');
    out += text.substr(0, open);
    if (open == std::string_view::npos) return out;
    auto close = text.find('}', open);
    TRAINYARD_ASSERT(close != std::string_view::npos);
    std::string_view names = text.substr(open + 1, close - open - 1);
    auto value = placed(names, shape, input, site);
    if (!value && names == "UserName" && caller.kind == PrincipalKind::user) return caller.arn;
    out += value.value_or("");
    text.remove_prefix(close + 1);
  }
}

/// How the service says "no": its JSON services answer every fault of a caller with 400.
void set_denial(identity::Authorisation& request, const wire::Service& service) {
  bool xml = service.protocol == wire::Protocol::query ||
             service.protocol == wire::Protocol::rest_xml;
  bool json = service.protocol == wire::Protocol::json_1_0 ||
              service.protocol == wire::Protocol::json_1_1;
  request.code = xml ? "AccessDenied" : "AccessDeniedException";
  request.http_status = json ? 400 : 403;
}

std::map<std::string, std::string> context_of(const wire::Service& service,
                                              const wire::Operation& operation, const void* input,
                                              const Caller& caller, const Site& site) {
  // IAM has one endpoint, in us-east-1 (IAM User Guide, "AWS global condition context keys").
  auto context = call_context(caller, service.name == "iam" ? "us-east-1" : site.region);
  for (const ConditionKey& key : kConditionKeys) {
    const wire::Member* member =
        service.name == key.service ? scalar_member(*operation.input, key.member) : nullptr;
    const void* value = member ? member->get(input) : nullptr;
    if (!value) continue;
    std::string text = wire::to_text(*member->shape, wire::TimestampFormat::iso8601, value);
    if (key.part) text = key.part(text);
    if (!key.part || !text.empty()) context[key.key] = std::move(text);
  }
  return context;
}

}  // namespace

std::vector<std::string> resources_of(const wire::Operation& operation, const void* input,
                                      const Site& site, const Caller& caller) {
  std::vector<std::string> resources;
  for (std::string_view text : operation.resources) {
    resources.push_back(fill(text, *operation.input, input, site, caller));
  }
  return resources;
}

std::map<std::string, std::string> call_context(const Caller& caller, const std::string& region) {
  std::map<std::string, std::string> context{{"aws:RequestedRegion", region}};
  if (!caller.source_ip.empty()) context["aws:SourceIp"] = caller.source_ip;
  if (!caller.via_service.empty()) context["aws:ViaAWSService"] = "true";
  return context;
}

void authorise_pass_role(Txn& txn, const Caller& caller, const std::string& role,
                         std::string_view service, std::map<std::string, std::string> context,
                         std::string_view code, int status, Time now) {
  identity::Authorisation pass;
  pass.action = "iam:PassRole";
  pass.resource = role;
  pass.context = std::move(context);
  pass.context["iam:PassedToService"] = service;
  pass.code = code;
  pass.http_status = status;
  identity::authorise(txn, caller, pass, now);
}

void authorise_operation(Txn& txn, const Caller& caller, const wire::Service& service,
                         const wire::Operation& operation, const void* input, const Site& site,
                         Time now) {
  if (operation.action.empty()) return;
  identity::Authorisation request;
  set_denial(request, service);
  request.context = context_of(service, operation, input, caller, site);
  std::vector<std::string_view> actions{operation.action};
  if (flag_member(*operation.input, input, operation.also_member)) {
    actions.push_back(operation.also_action);
  }
  for (const std::string& named : resources_of(operation, input, site, caller)) {
    std::string resource = identity::canonical_arn(txn, named);
    request.resource = resource;
    for (std::string_view action : actions) {
      request.action = action;
      identity::authorise(txn, caller, request, now);
    }
  }
  if (operation.pass_role_member.empty()) return;
  const std::string* role =
      string_member(*operation.input, input, operation.pass_role_member);
  if (role == nullptr) return;
  authorise_pass_role(txn, caller, *role, operation.pass_role_service, request.context,
                      request.code, request.http_status, now);
}

}  // namespace trainyard::server
