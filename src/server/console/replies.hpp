// What the console's API answers, in the form of AWS's JSON protocols.
#pragma once

#include <exception>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "http/message.hpp"
#include "server/pipeline.hpp"

namespace trainyard::server::console {

/// JSON that no cache keeps.
http::Response reply(int status, const json::object& body);

/// {"__type": CODE, "message": TEXT}.
json::object error_body(const ApiError& error);
/// For what is nobody's fault outside: the log says what.
ApiError own_fault();

/// What `make` returns, or its error as a reply.
template <class Make>
http::Response reply_or_error(const Make& make) {
  try {
    return make();
  } catch (const ApiError& error) {
    return reply(error.http_status(), error_body(error));
  } catch (const std::exception& error) {
    log_error("console: {}", error.what());
    return reply(500, error_body(own_fault()));
  }
}

/// The request's body, an object. ApiError SerializationException 400 for anything else, 413 past
/// `limit` bytes.
json::object read_object(http::Request& request, std::size_t limit = kBodyBytesMax);

/// No page of another origin may use this as a part of its own, nor guess what it is.
void keep_from_other_pages(http::Headers& headers);

}  // namespace trainyard::server::console
