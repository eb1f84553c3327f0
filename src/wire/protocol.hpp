// One door to every protocol: requests and responses of an operation as HTTP, in both directions.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "http/client.hpp"
#include "http/message.hpp"
#include "wire/json.hpp"
#include "wire/shape.hpp"

namespace trainyard::wire {

// --- Server side ---------------------------------------------------------------------------------

/// What the router found: REST paths as the operation's URI template sees them ("/bucket/key",
/// whether the bucket stood in the path or in the Host).
struct Located {
  std::string path;  // percent-encoded
};

/// Fills `input` (the operation's generated struct) from the request. Streams take request.body,
/// which must outlive them; other bodies are read whole, up to `body_max`. Returns the required
/// members that were missing, for validate().
Missing parse_request(const Service& service, const Operation& operation, http::Request& request,
                      const Located& located, std::size_t body_max, void* input);

http::Response serialise_response(const Service& service, const Operation& operation,
                                  const void* output, const std::string& request_id);

/// The error in the service's own shape. `head` leaves the body out (S3's answers to HEAD).
http::Response serialise_error(const Service& service, const ApiError& error,
                               const std::string& request_id, bool head = false);

// --- Client side ---------------------------------------------------------------------------------

/// The request but for Host and signature; the target is path-style for S3.
http::Outgoing serialise_request(const Service& service, const Operation& operation,
                                 const void* input);

/// Fills `output` from a 2xx response; streams take the response's body over.
void parse_response(const Service& service, const Operation& operation, http::Response& response,
                    void* output);

/// The ApiError in a response that is not 2xx.
ApiError parse_error(const Service& service, const http::Response& response);

}  // namespace trainyard::wire
