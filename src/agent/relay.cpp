#include "agent/relay.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace trainyard::agent {
namespace {

constexpr std::size_t kUnsizedBytesMax = 64u << 20;  // a body without a length is read first

/// Content-Length and Expect are written anew where they are needed.
bool is_hop_by_hop(const std::string& name) {
  for (const char* hop : {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
                          "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
                          "expect", "content-length"}) {
    if (iequals(name, hop)) return true;
  }
  return false;
}

/// What Connection names belongs to the connection too.
class HopByHop {
 public:
  explicit HopByHop(const http::Headers& headers) {
    for (const std::string& line : headers.all("Connection")) {
      for (const std::string& name : split(line, ',')) named_.emplace_back(trim(name));
    }
  }
  bool operator()(const std::string& name) const {
    return is_hop_by_hop(name) ||
           std::any_of(named_.begin(), named_.end(),
                       [&](const std::string& other) { return iequals(name, other); });
  }

 private:
  std::vector<std::string> named_;
};

}  // namespace

http::Outgoing passed_on(http::Request& request, const std::string& target) {
  http::Outgoing outgoing;
  outgoing.method = request.method;
  outgoing.target = target;
  const HopByHop stays(request.headers);
  for (const auto& [name, value] : request.headers) {
    if (!stays(name)) outgoing.headers.add(name, value);
  }
  if (request.length && *request.length > 0) {
    outgoing.stream = request.body;
    outgoing.stream_length = *request.length;
  } else if (request.headers.has("Transfer-Encoding")) {
    outgoing.body = http::read_all(*request.body, kUnsizedBytesMax);
  }
  return outgoing;
}

http::Response passed_back(const http::Request& request, http::Response answer) {
  http::Response response;
  response.status = answer.status;
  const HopByHop stays(answer.headers);
  for (const auto& [name, value] : answer.headers) {
    const bool is_head_length = request.method == "HEAD" && iequals(name, "content-length");
    if (is_head_length || !stays(name)) response.headers.add(name, value);
  }
  if (request.method == "HEAD" || answer.status == 204 || answer.status == 304) return response;
  response.stream = std::move(answer.stream);
  response.stream_length = answer.stream_length;
  return response;
}

}  // namespace trainyard::agent
