#include "server/authorise.hpp"

#include "base/error.hpp"
#include "identity/identity.hpp"

namespace trainyard::server {
namespace {

/// The string member of that name, or nullptr.
const std::string* string_member(const wire::Shape& shape, const void* structure,
                                 std::string_view name) {
  for (const wire::Member& member : shape.members) {
    if (member.name != name || member.shape->kind != wire::Kind::string) continue;
    return static_cast<const std::string*>(member.get(structure));
  }
  return nullptr;
}

/// nullopt when a member that the template names is absent.
std::optional<std::string> fill(std::string_view text, const wire::Shape& shape, const void* input,
                                const Site& site) {
  std::string out;
  for (;;) {
    auto open = text.find('{');
    out += text.substr(0, open);
    if (open == std::string_view::npos) return out;
    auto close = text.find('}', open);
    TRAINYARD_ASSERT(close != std::string_view::npos);
    std::string_view name = text.substr(open + 1, close - open - 1);
    if (name == "region") {
      out += site.region;
    } else if (name == "account") {
      out += site.account;
    } else {
      const std::string* value = string_member(shape, input, name);
      if (value == nullptr && name != "Path") return std::nullopt;
      out += value ? *value : "/";  // the path of what IAM creates without one
    }
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
                                              const Caller& caller) {
  std::map<std::string, std::string> context;
  if (!caller.source_ip.empty()) context["aws:SourceIp"] = caller.source_ip;
  if (!caller.via_service.empty()) context["aws:ViaAWSService"] = "true";
  auto take = [&](std::string_view member, const char* key) {
    if (const auto* value = string_member(*operation.input, input, member)) context[key] = *value;
  };
  if (service.name == "s3") {
    take("Prefix", "s3:prefix");
    take("Delimiter", "s3:delimiter");
  }
  if (service.name == "iam") take("PolicyArn", "iam:PolicyARN");
  return context;
}

/// As IAM decides on it: with the path that only the tables know. A request about a user that names
/// none is about its caller.
std::string decided_on(Txn& txn, const Caller& caller, const wire::Operation& operation,
                       const std::string& resource) {
  bool own = resource == "*" && caller.kind == PrincipalKind::user &&
             !operation.resources.empty() &&
             operation.resources.front().find("{UserName}") != std::string_view::npos;
  return own ? caller.arn : identity::canonical_arn(txn, resource);
}

}  // namespace

std::vector<std::string> resources_of(const wire::Operation& operation, const void* input,
                                      const Site& site) {
  std::vector<std::string> resources;
  for (std::string_view text : operation.resources) {
    if (auto filled = fill(text, *operation.input, input, site)) resources.push_back(*filled);
  }
  if (resources.empty()) resources.push_back("*");
  return resources;
}

void authorise_operation(Txn& txn, const Caller& caller, const wire::Service& service,
                         const wire::Operation& operation, const void* input, const Site& site,
                         Time now) {
  if (operation.action.empty()) return;
  identity::Authorisation request;
  request.action = operation.action;
  set_denial(request, service);
  request.context = context_of(service, operation, input, caller);
  for (const std::string& named : resources_of(operation, input, site)) {
    std::string resource = decided_on(txn, caller, operation, named);
    request.resource = resource;
    identity::authorise(txn, caller, request, now);
  }
  if (operation.pass_role_member.empty()) return;
  const std::string* role =
      string_member(*operation.input, input, operation.pass_role_member);
  if (role == nullptr) return;
  identity::Authorisation pass;
  pass.action = "iam:PassRole";
  pass.resource = *role;
  set_denial(pass, service);
  pass.context = request.context;
  pass.context["iam:PassedToService"] = operation.pass_role_service;
  identity::authorise(txn, caller, pass, now);
}

}  // namespace trainyard::server
