// Our signer and verifier behind a line-oriented door, for the differential test against botocore:
// one JSON object a line in, one out.
#include <iostream>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "wire/sigv4.hpp"

namespace trainyard {
namespace {

std::string text(const json::object& object, const char* name) {
  return find_string(object, name).value_or("");
}

http::Headers headers_of(const json::object& object) {
  http::Headers headers;
  for (const json::value& pair : *find_array(object, "headers")) {
    headers.add(to_std(pair.at(0).as_string()), to_std(pair.at(1).as_string()));
  }
  return headers;
}

json::object verify(const json::object& in, Time now) {
  http::StringBody raw(*unbase64(text(in, "body")));
  http::Request request;
  request.method = text(in, "method");
  request.target = text(in, "target");
  request.headers = headers_of(in);
  request.body = &raw;
  if (auto length = find_integer(in, "length")) request.length = *length;
  wire::SignedRequest claim = wire::parse_authorization(request, "");
  auto body = wire::verify(claim, request, {text(in, "secret"), text(in, "token"), {}},
                           {.now = now, .region = "us-east-1"});
  std::string payload = http::read_all(*body, 64u << 20);
  return {{"payload", base64(payload)}, {"service", claim.service}};
}

json::object answer(const json::object& in) {
  Time now;
  if (!parse_iso8601_basic(text(in, "now"), now)) throw SystemError("malformed now");
  const std::string op = text(in, "op");
  if (op == "verify") return verify(in, now);
  wire::Credentials keys{text(in, "key"), text(in, "secret"), text(in, "token")};
  wire::SigningScope scope{"us-east-1", text(in, "service")};
  if (op == "presign") {
    return {{"target", wire::presign(keys, scope, text(in, "method"), text(in, "host"),
                                     text(in, "target"), std::chrono::seconds(900), now)}};
  }
  http::Headers headers = headers_of(in);
  return {{"signature", wire::sign(keys, scope, text(in, "method"), text(in, "target"), headers,
                                   text(in, "payload_hash"), now)}};
}

}  // namespace
}  // namespace trainyard

int main() {
  using namespace trainyard;
  for (std::string line; std::getline(std::cin, line);) {
    json::object out;
    try {
      out = answer(parse_own_json(line).as_object());
    } catch (const ApiError& error) {
      out = {{"error", error.code()}, {"message", error.message()}};
      auto canonical = error.fields().find("CanonicalRequest");
      if (canonical != error.fields().end()) out["canonical"] = canonical->second;
    }
    std::cout << dump(out) << std::endl;
  }
}
