// The plain pages of executions and state machines: for presigned links and for notebooks, which
// have no session.
#pragma once

#include <string>

#include "http/message.hpp"
#include "server/parts.hpp"

namespace trainyard::server {

class Pipeline;

namespace console {

inline constexpr const char* kExecutions = "executions";
inline constexpr const char* kMachines = "statemachines";

/// Who shows a plain page, and what can be led to from there.
enum class Shower {
  presigned_link,  // the console's own page of the same thing
  notebook,        // `../executions/ARN`, relative to it
};

/// `kind`: kExecutions or kMachines. A page for whatever is wrong, too.
http::Response plain_page(const Parts& parts, const Caller& caller, const std::string& kind,
                          const std::string& arn, Shower shower);

/// GET of `rest`, "executions/ARN" or "statemachines/ARN", with a presigned query.
http::Response presigned_page(const Parts& parts, Pipeline& pipeline, const http::Request& request,
                              std::string_view rest);

}  // namespace console
}  // namespace trainyard::server
