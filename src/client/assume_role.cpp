#include "client/assume_role.hpp"

#include <pugixml.hpp>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "client/config.hpp"
#include "client/endpoint.hpp"

namespace trainyard::client {
namespace {

constexpr std::size_t kAnswerMax = 256 * 1024;

std::string form_body(const AssumeRole& request) {
  std::string body = "Action=AssumeRole&Version=2011-06-15";
  auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) body.append("&").append(name).append("=").append(percent_encode(value));
  };
  add("RoleArn", request.role_arn);
  add("RoleSessionName", request.session_name.empty() ? "trainyard" : request.session_name);
  add("ExternalId", request.external_id);
  add("DurationSeconds", request.duration_seconds);
  return body;
}

}  // namespace

IssuedCredentials assume_role(const Config& config, const AssumeRole& request) {
  Endpoint endpoint = resolve_endpoint(config, "sts");
  http::Outgoing outgoing;
  outgoing.method = "POST";
  outgoing.body = form_body(request);
  outgoing.headers.set("Host", endpoint.address.host_header());
  outgoing.headers.set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  wire::sign(config.credentials->get(), {endpoint.signing_region, "sts"}, "POST", "/",
             outgoing.headers, sha256_hex(outgoing.body), SystemClock().now());
  const std::string what = "cannot assume role " + request.role_arn + ": ";
  http::Response response;
  try {
    response = http::Connection(endpoint.address, config.http).exchange(outgoing, kAnswerMax);
  } catch (const http::TransportError& error) {
    throw SystemError(what + error.what());
  }
  pugi::xml_document document;
  if (!document.load_buffer(response.body.data(), response.body.size())) {
    throw SystemError(what + "the answer is not XML");
  }
  if (response.status != 200) {
    pugi::xml_node error = document.child("ErrorResponse").child("Error");
    throw SystemError(what + error.child_value("Code") + ": " + error.child_value("Message"));
  }
  pugi::xml_node issued = document.child("AssumeRoleResponse")
                              .child("AssumeRoleResult")
                              .child("Credentials");
  IssuedCredentials credentials;
  credentials.keys = {issued.child_value("AccessKeyId"), issued.child_value("SecretAccessKey"),
                      issued.child_value("SessionToken")};
  Time expires;
  if (credentials.keys.access_key.empty() ||
      !parse_iso8601(issued.child_value("Expiration"), expires)) {
    throw SystemError(what + "the answer lacks Credentials");
  }
  credentials.expires = expires;
  return credentials;
}

}  // namespace trainyard::client
