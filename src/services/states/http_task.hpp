// PURE: `http:invoke`, from a task's parameters to a request and from the response to the task's
// result (Step Functions Developer Guide, "Call HTTPS APIs in Step Functions workflows").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "asl/execution.hpp"
#include "base/json.hpp"
#include "http/message.hpp"

namespace trainyard::states {

/// The largest response, in bytes; a longer one fails the task.
inline constexpr std::size_t kHttpAnswerBytesMax = 256 * 1024;

bool is_http_parameter(std::string_view name);

/// A request of a task.
struct HttpTask {
  std::string method;
  std::string
      endpoint;        // ApiEndpoint as the task has it: what policies and the allow-list decide on
  std::string base;    // "https://api.example.com:8443"
  std::string target;  // "/v1/items?limit=3"
  http::Headers headers;
  std::string body;
};
/// The request, or States.Runtime with what is wrong with the parameters.
std::variant<HttpTask, asl::Failure> http_task_of(const json::object& parameters,
                                                  std::string_view region);

/// Whether one of the patterns names the task's endpoint. A pattern is SCHEME://HOST[:PORT][/PATH];
/// `*` in it stands for any characters of the part that it is in: none in a host reaches into the
/// path. Without a path every path is meant.
bool is_allowed(const std::vector<std::string>& patterns, const HttpTask& task);
/// What is wrong with a pattern, in one line; nullopt when it is one.
std::optional<std::string> pattern_fault(const std::string& pattern);

/// An answer that came.
struct HttpAnswer {
  int status = 0;
  http::Headers headers;
  std::string body;
};
/// {Headers, ResponseBody, StatusCode, StatusText}; States.Http.StatusCode.NNN unless the status is
/// 2xx; States.Runtime for a body that is no text.
asl::TaskResult http_result_of(const HttpAnswer& answer);
/// States.Http.Socket.
asl::TaskResult http_unreachable(std::string cause);

}  // namespace trainyard::states
