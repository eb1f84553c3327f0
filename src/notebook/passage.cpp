#include "notebook/passage.hpp"

#include "base/text.hpp"
#include "http/end_to_end.hpp"

namespace trainyard::notebook {

http::Outgoing outgoing(const http::Request& request, const std::string& token,
                        const Access& access) {
  http::Outgoing onward;
  onward.method = request.method;
  onward.target = without_token(request.target, access.parameter);
  onward.headers = request.headers;
  const bool web_socket =
      request.method == "GET" && iequals(request.headers.get("Upgrade"), "websocket");
  http::keep_end_to_end(onward.headers);
  for (const char* name : {"Accept-Encoding", "Content-Length", "Expect", "Cookie"}) {
    onward.headers.remove(name);
  }
  std::vector<std::string> cookies;
  for (const std::string& field : request.headers.all("Cookie")) {
    const std::string left = without_cookie(field, access.cookie);
    if (!left.empty()) cookies.push_back(left);
  }
  if (!cookies.empty()) onward.headers.set("Cookie", join(cookies, "; "));
  onward.headers.set("Authorization", "token " + token);
  if (web_socket) {
    onward.upgrade = true;
    onward.headers.set("Upgrade", "websocket");
  } else if (request.length.value_or(0) > 0) {
    onward.stream = request.body;
    onward.stream_length = *request.length;
  }
  return onward;
}

}  // namespace trainyard::notebook
