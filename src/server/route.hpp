// Which service and operation a request means, on the one port: by X-Amz-Target for the JSON
// services, by the signature's scope for the rest.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "services/dispatch.hpp"
#include "wire/protocol.hpp"

namespace trainyard::server {

struct Route {
  const ServiceDispatch* service = nullptr;
  const wire::Service* spoken = nullptr;  // the service in the request's protocol
  const wire::Operation* operation = nullptr;
  wire::Located located;
  std::unique_ptr<http::BodyReader> body;  // a form that had to be read to find its Action
};

/// By our own name ("states"); nullptr when there is none.
const ServiceDispatch* find_service(std::string_view name);

/// A route whose service is known, as far as the request's head tells; before any signature is
/// believed. What names no service is taken as S3's, whose paths are free. A service that speaks
/// more protocols than one is spoken to in its first when the request has an X-Amz-Target.
Route begin_route(const http::Request& request);

/// Fills `route.operation` and `route.located`; may read the body of a form (up to `body_max`) and
/// put another in its place. ApiError in the service's own words when there is no such operation.
void find_operation(Route& route, http::Request& request, std::size_t body_max);

/// The service in a signature's scope, "" without a signature.
std::string scope_service(const http::Request& request);

/// S3: the bucket in a host name like models.s3.us-east-1.amazonaws.com, or "".
std::string bucket_in_host(std::string_view host);

}  // namespace trainyard::server
