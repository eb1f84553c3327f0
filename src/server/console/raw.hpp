// AWS's own REST requests with a session in the place of a signature, for what streams: objects of
// S3 and InvokeEndpoint.
#pragma once

#include <string_view>

#include "http/message.hpp"
#include "identity/caller.hpp"

namespace trainyard::server {

class Pipeline;

namespace console {

/// `request.target` becomes `target`, the address at the service ("s3" or "runtime"). What users
/// have stored, and what models answer, is never taken for a page: the response says so.
http::Response pass_raw(Pipeline& pipeline, const Caller& caller, std::string_view service,
                        std::string_view target, http::Request& request);

}  // namespace console
}  // namespace trainyard::server
