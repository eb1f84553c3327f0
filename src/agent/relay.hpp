// HTTP messages on their way through us (RFC 9110, section 7.6): what belongs to one connection
// stays behind, all else is passed on as it came.
#pragma once

#include <string>

#include "http/client.hpp"
#include "http/message.hpp"

namespace trainyard::agent {

/// The request as it is sent on, to `target`. Its body is read while it is sent; one without a
/// length is read first, up to a limit (ApiError 413 beyond it).
http::Outgoing passed_on(http::Request& request, const std::string& target);

/// The answer to `request` as it is handed back, with its stream.
http::Response passed_back(const http::Request& request, http::Response answer);

}  // namespace trainyard::agent
