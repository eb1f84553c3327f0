#include "agent/relay.hpp"

#include <utility>

#include "http/end_to_end.hpp"

namespace trainyard::agent {
namespace {

constexpr std::size_t kUnsizedBytesMax = 64u << 20;  // a body without a length is read first

}  // namespace

http::Outgoing passed_on(http::Request& request, const std::string& target) {
  http::Outgoing outgoing;
  outgoing.method = request.method;
  outgoing.target = target;
  outgoing.headers = request.headers;
  http::keep_end_to_end(outgoing.headers);
  // Both are written anew where they are needed.
  for (const char* name : {"Content-Length", "Expect"}) outgoing.headers.remove(name);
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
  response.headers = std::move(answer.headers);
  http::keep_end_to_end(response.headers);
  if (request.method != "HEAD") response.headers.remove("Content-Length");  // the stream has it
  if (request.method == "HEAD" || answer.status == 204 || answer.status == 304) return response;
  response.stream = std::move(answer.stream);
  response.stream_length = answer.stream_length;
  return response;
}

}  // namespace trainyard::agent
