#include "cli/ask.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "cli/paths.hpp"
#include "wire/sigv4.hpp"

namespace trainyard::cli {
namespace {

constexpr std::size_t kAnswerBytesMax = 64 * 1024;
constexpr const char* kRegion = "us-east-1";

}  // namespace

std::string endpoint_of(const fs::path& data) {
  std::string endpoint = running_endpoint(data);
  if (endpoint.empty()) {
    throw SystemError("no daemon runs on " + data.string() + ": run `trainyard serve`");
  }
  return endpoint;
}

http::Address reachable(const std::string& endpoint) {
  http::Address address = http::Address::parse(endpoint);
  if (address.host == "0.0.0.0" || address.host == "::") address.host = "127.0.0.1";
  return address;
}

std::string ask_daemon(const fs::path& data, const std::string& target,
                       const http::Headers& headers) {
  const http::Address address = reachable(endpoint_of(data));
  const RootKeys keys = read_root_keys(data);
  http::Outgoing request;
  request.method = "POST";
  request.target = target;
  request.headers = headers;
  request.headers.set("Host", address.host_header());
  SystemClock clock;
  wire::sign({keys.access_key, keys.secret, ""}, {kRegion, "sts"}, request.method, request.target,
             request.headers, wire::kEmptyPayloadHash, clock.now());
  http::Response response =
      http::Connection(address, http::ClientOptions()).exchange(request, kAnswerBytesMax);
  if (response.status == 200) return response.body;
  auto body = parse_json(response.body);
  if (!body || !body->is_object()) {
    throw SystemError(fmt::format("{} answered {}: {}", address.host_header(), response.status,
                                  trim(response.body)));
  }
  const json::object& error = body->get_object();
  throw ApiError(
      find_string(error, "code").value_or(find_string(error, "__type").value_or("Error")),
      response.status, find_string(error, "message").value_or(""));
}

}  // namespace trainyard::cli
