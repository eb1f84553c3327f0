// One AWS request, from bytes to bytes.
#pragma once

#include <memory>

#include "http/message.hpp"
#include "server/parts.hpp"

namespace trainyard::server {

/// The largest body of an operation that does not stream (SageMaker and Step Functions: 1 MiB of
/// data and then some; S3's batch delete and multipart completion: 1 MiB of XML and then some).
inline constexpr std::size_t kBodyBytesMax = 8 * 1024 * 1024;
inline constexpr const char* kInternalFault =
    "The request could not be completed because of a fault of this machine; the daemon's log says "
    "more.";

class Pipeline {
 public:
  Pipeline(const Parts& parts, InstanceRouter& router);
  ~Pipeline();

  /// Never throws ApiError: errors are answers too.
  http::Response handle(http::Request& request);
  /// The same for a request to `service` (our own name) whose principal is known by other means
  /// than a signature: by a console's session, say. No signature is looked for.
  http::Response handle_as(const Caller& caller, std::string_view service, http::Request& request);

  /// Whether `request` is answered at once or with a pending response (http::ServerOptions::quick).
  static bool is_quick(const http::Request& request);

  /// The principal of a presigned GET for `service`; ApiError 403 when the signature does not hold.
  Caller authenticate_presigned(const http::Request& request, std::string_view service);
  /// The principal whose signature for `service` the request and its body carry; ApiError when it
  /// does not hold. The body has been read then.
  Caller authenticate_signed(http::Request& request, std::string_view service);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trainyard::server
