#include "server/pipeline.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "identity/identity.hpp"
#include "server/authorise.hpp"
#include "server/route.hpp"
#include "services/dispatch.hpp"
#include "wire/protocol.hpp"
#include "wire/sigv4.hpp"
#include "wire/validate.hpp"

namespace trainyard::server {
namespace {

/// Services whose signatures name us-east-1 wherever they are (global endpoints).
bool is_global(std::string_view signing_name) {
  return signing_name == "iam" || signing_name == "sts";
}

std::string peer_address(const std::string& peer) {
  auto colon = peer.rfind(':');
  return colon == std::string::npos ? "" : peer.substr(0, colon);
}

ApiError internal_failure() {
  return ApiError("InternalFailure", 500,
                  "The request could not be completed because of a fault of this machine; the "
                  "daemon's log says more.");
}

/// A key that is scoped to another service must not open this one.
ApiError wrong_scope(const wire::Service& service) {
  bool xml = service.protocol == wire::Protocol::query ||
             service.protocol == wire::Protocol::rest_xml;
  return ApiError(xml ? "SignatureDoesNotMatch" : "InvalidSignatureException", 403,
                  "Credential should be scoped to correct service: '" +
                      std::string(service.signing_name) + "'.");
}

}  // namespace

struct Pipeline::Impl {
  Parts parts;
  InstanceRouter& router;

  /// Whose signature this is. The request's body becomes the verified payload.
  Caller authenticate(http::Request& request, const wire::Service& service,
                      std::unique_ptr<http::BodyReader>& payload) {
    wire::SignedRequest claim = wire::parse_authorization(request);
    if (claim.service != service.signing_name) throw wrong_scope(service);
    auto credential = parts.store.read(
        [&](Txn& txn) { return identity::find_credential(txn, claim.access_key); });
    if (!credential) throw wire::unknown_access_key(claim.service);
    wire::VerifyOptions options;
    options.now = parts.clock.now();
    options.region = is_global(claim.service) && claim.region == "us-east-1"
                         ? std::string_view("us-east-1")
                         : std::string_view(parts.site.region);
    options.body_max = kBodyBytesMax;
    payload = wire::verify(
        claim, request, {credential->secret, credential->session_token, credential->expires},
        options);
    request.body = payload.get();
    Caller caller = std::move(credential->caller);
    caller.source_ip = peer_address(request.peer);
    return caller;
  }

  /// The stations of one request, in order.
  http::Response serve(http::Request& request, Route& route, const std::string& request_id) {
    const ServiceDispatch& service = *route.service;
    std::unique_ptr<http::BodyReader> payload;
    Caller caller = authenticate(request, *service.service, payload);
    find_operation(route, request, kBodyBytesMax);
    const wire::Operation& operation = *route.operation;
    const OperationDispatch& handler = service.operations[operation.index];
    auto input = handler.make_input();
    auto output = handler.make_output();
    wire::Missing missing = wire::parse_request(*service.service, operation, request,
                                                route.located, kBodyBytesMax, input.get());
    wire::validate(*service.service, *operation.input, input.get(), missing);
    if (operation.mode == wire::Mode::stream) {
      parts.store.read([&](Txn& txn) {
        authorise_operation(txn, caller, *service.service, operation, input.get(), parts.site,
                            parts.clock.now());
      });
      StreamCall call{parts.store, caller, parts.clock, parts.random, parts.site, parts.blobs,
                      parts.segments, router, request, request_id};
      handler.run_stream(call, input.get(), output.get());
    } else {
      auto work = [&](Txn& txn) {
        authorise_operation(txn, caller, *service.service, operation, input.get(), parts.site,
                            parts.clock.now());
        Call call = make_call(parts, txn, caller, request_id);
        auto fresh = handler.make_output();  // the work may run again
        handler.run(call, input.get(), fresh.get());
        output = std::move(fresh);
      };
      operation.mode == wire::Mode::read ? parts.store.read(work) : parts.store.write(work);
    }
    return wire::serialise_response(*service.service, operation, output.get(), request_id);
  }
};

Pipeline::Pipeline(const Parts& parts, InstanceRouter& router)
    : impl_(new Impl{parts, router}) {}

Pipeline::~Pipeline() = default;

http::Response Pipeline::handle(http::Request& request) {
  std::string request_id = impl_->parts.random.uuid();
  Route route;
  route.service = &service_of(request);
  auto failure = [&](const ApiError& error) {
    return wire::serialise_error(*route.service->service, error, request_id,
                                 request.method == "HEAD");
  };
  try {
    return impl_->serve(request, route, request_id);
  } catch (const ApiError& error) {
    return failure(error);
  } catch (const std::exception& error) {
    log_error("request {} {}: {}", request_id,
              route.operation ? route.operation->name : std::string_view(request.target),
              error.what());
    return failure(internal_failure());
  }
}

Caller Pipeline::authenticate_presigned(const http::Request& request, std::string_view service) {
  http::Request copy;
  copy.method = request.method;
  copy.target = request.target;
  copy.headers = request.headers;
  copy.length = 0;
  copy.peer = request.peer;
  http::StringBody empty("");
  copy.body = &empty;
  wire::SignedRequest claim = wire::parse_authorization(copy);
  if (!claim.presigned) throw wire::missing_authentication(service);
  const ServiceDispatch* known = find_service(service);
  TRAINYARD_ASSERT(known != nullptr);
  std::unique_ptr<http::BodyReader> payload;
  return impl_->authenticate(copy, *known->service, payload);
}

}  // namespace trainyard::server
