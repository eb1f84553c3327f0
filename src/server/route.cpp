#include "server/route.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "wire/query.hpp"
#include "wire/route.hpp"

namespace trainyard::server {
namespace {

constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::string_view kRuntimePath = "/endpoints/";

const ServiceDispatch* by_target(std::string_view target) {
  std::string_view prefix = target.substr(0, target.rfind('.'));
  for (const ServiceDispatch* service : all_services()) {
    if (!prefix.empty() && service->service->target_prefix == prefix) return service;
  }
  return nullptr;
}

/// The scope "AKID/date/region/service/aws4_request" of the header or the query; "" without one.
std::string credential_of(const http::Request& request) {
  constexpr std::string_view kField = "Credential=";
  std::string header = request.headers.get("Authorization");
  if (auto at = header.find(kField); at != std::string::npos) {
    at += kField.size();
    return header.substr(at, header.find_first_of(", ", at) - at);
  }
  auto query = http::parse_query(request.query());
  if (!query) return "";
  for (const auto& [name, value] : *query) {
    if (name == "X-Amz-Credential") return value;
  }
  return "";
}

std::string_view operation_in_target(std::string_view target) {
  auto dot = target.rfind('.');
  return dot == std::string_view::npos ? target : target.substr(dot + 1);
}

void find_json(Route& route, const http::Request& request) {
  std::string target = request.headers.get("X-Amz-Target");
  route.operation = wire::find_operation(*route.service->service, operation_in_target(target));
  if (route.operation == nullptr) {
    throw ApiError("UnknownOperationException", 400,
                   "There is no operation " + target + " here.");
  }
}

void find_query(Route& route, http::Request& request, std::size_t body_max) {
  std::string text = http::read_all(*request.body, body_max);
  http::StringBody once(text);
  request.body = &once;
  wire::Form form = wire::form_of(request, body_max);
  std::string action = form["Action"];
  route.body = std::make_unique<http::StringBody>(std::move(text));
  request.body = route.body.get();
  if (action.empty()) {
    throw ApiError("MissingAction", 400, "The request names no Action.");
  }
  route.operation = wire::find_operation(*route.service->service, action);
  if (route.operation == nullptr) {
    throw ApiError("InvalidAction", 400,
                   "Could not find operation " + action + " for version " +
                       std::string(route.service->service->api_version));
  }
}

/// Whether the operation's template or one of its members has a query parameter of that name.
bool takes(const wire::Operation& operation, std::string_view name) {
  auto mark = operation.uri.find('?');
  auto literal = http::parse_query(
      mark == std::string_view::npos ? "" : operation.uri.substr(mark + 1));
  const auto& members = operation.input->members;
  return std::any_of(literal->begin(), literal->end(),
                     [&](const auto& pair) { return pair.first == name; }) ||
         std::any_of(members.begin(), members.end(), [&](const wire::Member& member) {
           return member.location == wire::Location::query && member.wire_name == name;
         });
}

/// A parameter that chooses an operation must be one of the operation that was found: without this
/// `GET /bucket?versioning` would be taken for a listing, and `PUT /bucket/key?uploadId=u` would
/// replace the object. Parameters that choose nothing are free, as at S3.
void check_selectors(const Route& route, const http::Request& request) {
  const wire::Service& service = *route.service->service;
  auto query = http::parse_query(request.query());
  TRAINYARD_ASSERT(query.has_value());  // match_rest has refused any other
  for (const auto& [name, value] : *query) {
    const auto& selectors = service.query_selectors;
    if (std::find(selectors.begin(), selectors.end(), name) == selectors.end()) continue;
    if (route.operation != nullptr && takes(*route.operation, name)) continue;
    bool known = std::any_of(service.operations.begin(), service.operations.end(),
                             [&](const wire::Operation& one) { return takes(one, name); });
    if (!known) {
      throw ApiError("NotImplemented", 501,
                     "The sub-resource " + name + " is not implemented here.");
    }
    if (route.operation != nullptr) {
      throw ApiError("InvalidArgument", 400,
                     "The query parameter " + name + " does not go with " + request.method +
                         " and the other parameters of this request.");
    }
  }
}

void find_s3(Route& route, const http::Request& request) {
  std::string bucket = bucket_in_host(request.headers.get("Host"));
  route.located.path = (bucket.empty() ? "" : "/" + bucket) + std::string(request.path());
  route.operation = wire::match_rest(*route.service->service, route.located.path, request);
  check_selectors(route, request);
  if (route.operation == nullptr) {
    throw ApiError("MethodNotAllowed", 405,
                   "The specified method is not allowed against this resource.");
  }
}

void find_rest_json(Route& route, const http::Request& request) {
  route.located.path = std::string(request.path());
  route.operation = wire::match_rest(*route.service->service, route.located.path, request);
  if (route.operation == nullptr) {
    throw ApiError("UnknownOperationException", 404,
                   "There is no operation at " + route.located.path + " here.");
  }
}

}  // namespace

const ServiceDispatch* find_service(std::string_view name) {
  for (const ServiceDispatch* service : all_services()) {
    if (service->service->name == name) return service;
  }
  return nullptr;
}

std::string scope_service(const http::Request& request) {
  auto parts = split(credential_of(request), '/');
  return parts.size() < 5 ? "" : parts[parts.size() - 2];
}

std::string bucket_in_host(std::string_view host) {
  constexpr std::string_view kAws = ".amazonaws.com";
  std::string name = to_lower(host.substr(0, host.rfind(':') == std::string_view::npos
                                                 ? host.size()
                                                 : host.rfind(':')));
  if (!name.ends_with(kAws)) return "";
  name.resize(name.size() - kAws.size());
  // "bucket.s3", "bucket.s3.region", "bucket.s3-region"; buckets may hold dots themselves.
  auto labels = split(name, '.');
  for (std::size_t i = labels.size(); i-- > 1;) {
    if (labels[i] != "s3" && !labels[i].starts_with("s3-")) continue;
    labels.resize(i);
    return join(labels, ".");
  }
  return "";
}

Route begin_route(const http::Request& request) {
  const ServiceDispatch* found = nullptr;
  if (const std::string* target = request.headers.find("X-Amz-Target")) found = by_target(*target);
  std::string scope = scope_service(request);
  bool runtime_path = request.path().starts_with(kRuntimePath);
  if (!found && (scope == "sagemaker" || (scope.empty() && runtime_path))) {
    found = find_service(runtime_path ? "runtime" : "sagemaker");
  }
  if (!found && !scope.empty()) found = find_service(scope);
  if (!found && scope.empty() && request.headers.get("Content-Type").starts_with(kForm)) {
    found = find_service("sts");
  }
  if (!found) found = find_service("s3");
  TRAINYARD_ASSERT(found != nullptr);
  Route route;
  route.service = found;
  route.spoken = found->service;
  if (route.spoken->older != nullptr && !request.headers.has("X-Amz-Target")) {
    route.spoken = route.spoken->older;
  }
  return route;
}

void find_operation(Route& route, http::Request& request, std::size_t body_max) {
  switch (route.spoken->protocol) {
    case wire::Protocol::json_1_0:
    case wire::Protocol::json_1_1:
      return find_json(route, request);
    case wire::Protocol::query:
      return find_query(route, request, body_max);
    case wire::Protocol::rest_xml:
      return find_s3(route, request);
    case wire::Protocol::rest_json:
      return find_rest_json(route, request);
  }
}

}  // namespace trainyard::server
