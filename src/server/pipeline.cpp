#include "server/pipeline.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "http/hosts.hpp"
#include "identity/identity.hpp"
#include "server/authorise.hpp"
#include "server/route.hpp"
#include "services/dispatch.hpp"
#include "wire/payload.hpp"
#include "wire/protocol.hpp"
#include "wire/sigv4.hpp"
#include "wire/validate.hpp"

namespace trainyard::server {
namespace {

/// Services whose signatures name us-east-1 wherever they are (global endpoints).
bool is_global(std::string_view signing_name) {
  return signing_name == "iam" || signing_name == "sts";
}

ApiError internal_failure(const wire::Service& service) {
  bool s3 = service.protocol == wire::Protocol::rest_xml;
  return ApiError(s3 ? "InternalError" : "InternalFailure", 500, kInternalFault);
}

/// A key that is scoped to another service must not open this one.
ApiError wrong_scope(const wire::Service& service) {
  bool xml = service.protocol == wire::Protocol::query ||
             service.protocol == wire::Protocol::rest_xml;
  return ApiError(xml ? "SignatureDoesNotMatch" : "InvalidSignatureException", 403,
                  "Credential should be scoped to correct service: '" +
                      std::string(service.signing_name) + "'.");
}

/// What `make` throws becomes an error in the service's own form; `make` may find the operation.
template <class Make>
http::Response or_error(const wire::Service& service, const wire::Operation* const& operation,
                        const std::string& request_id, bool head, const Make& make) {
  try {
    return make();
  } catch (const ApiError& error) {
    return wire::serialise_error(service, error, request_id, head);
  } catch (const std::exception& error) {
    log_error("request {} {}: {}", request_id,
              operation ? operation->name : std::string_view("of no operation"), error.what());
    return wire::serialise_error(service, internal_failure(service), request_id, head);
  }
}

/// A response whose output comes later.
class PendingOutput final : public http::PendingResponse {
 public:
  PendingOutput(const wire::Service& service, const wire::Operation& operation,
                std::string request_id, LaterOutput later)
      : service_(service),
        operation_(operation),
        request_id_(std::move(request_id)),
        later_(std::move(later)) {}

  Progress progress() override { return later_.wait->progress(); }
  int fd() const override { return later_.wait->fd(); }
  bool calls() const override { return later_.wait->calls(); }
  void call(std::function<void()> ready) override { later_.wait->call(std::move(ready)); }
  int64_t deadline() const override { return later_.wait->deadline(); }

  http::Response finish() override {
    return or_error(service_, &operation_, request_id_, false, [&] {
      auto output = operation_.make_output();
      later_.finish(output.get());
      http::Response response =
          wire::serialise_response(service_, operation_, output.get(), request_id_);
      response.over = std::move(later_.over);
      return response;
    });
  }

 private:
  const wire::Service& service_;
  const wire::Operation& operation_;
  std::string request_id_;
  LaterOutput later_;
};

}  // namespace

struct Pipeline::Impl {
  Parts parts;
  InstanceRouter& router;

  /// Whose signature this is. The request's body becomes the verified payload.
  Caller authenticate(http::Request& request, const wire::Service& service,
                      std::unique_ptr<http::BodyReader>& payload) {
    wire::SignedRequest claim = wire::parse_authorization(request, service.signing_name);
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
    caller.source_ip = http::peer_address(request.peer);
    return caller;
  }

  /// All that is to be known of one request before its operation is.
  struct Admitted {
    Caller caller;
    std::unique_ptr<http::BodyReader> payload;  // behind the request's body
  };

  Admitted admit_signed(http::Request& request, const wire::Service& service) {
    Admitted admitted;
    admitted.caller = authenticate(request, service, admitted.payload);
    return admitted;
  }

  /// What a body says of itself (Content-MD5, x-amz-checksum-*) is held against it all the same.
  static Admitted admit_as(const Caller& caller, http::Request& request,
                           const wire::Service& service) {
    Admitted admitted{caller, nullptr};
    if (service.protocol == wire::Protocol::rest_xml) {
      admitted.payload = wire::checked_payload(request, wire::kUnsignedPayload, {});
      request.body = admitted.payload.get();
    }
    return admitted;
  }

  /// The stations of one request, in order. `admit` is the first: whose is it?
  template <class Admit>
  http::Response serve(http::Request& request, Route& route, const std::string& request_id,
                       const Admit& admit) {
    const wire::Service& service = *route.spoken;
    const Admitted admitted = admit(request, service);
    const Caller& caller = admitted.caller;
    find_operation(route, request, kBodyBytesMax);
    const wire::Operation& operation = *route.operation;
    const OperationDispatch& handler = route.service->operations[operation.index];
    auto input = operation.make_input();
    std::shared_ptr<void> output;
    wire::Missing missing = wire::parse_request(service, operation, request,
                                                route.located, kBodyBytesMax, input.get());
    wire::validate(service, *operation.input, input.get(), missing);
    if (!wire::is_transactional(operation.mode)) {
      parts.store.read([&](Txn& txn) {
        authorise_operation(txn, caller, service, operation, input.get(), parts.site,
                            parts.clock.now());
      });
      StreamCall call{parts.store, caller, parts.clock, parts.random, parts.site, parts.blobs,
                      parts.segments, router, parts.door, request, request_id};
      if (operation.mode == wire::Mode::later) {
        http::Response response;
        response.pending = std::make_unique<PendingOutput>(
            service, operation, request_id, handler.run_later(call, input.get()));
        return response;
      }
      output = operation.make_output();
      handler.run_stream(call, input.get(), output.get());
    } else {
      auto work = [&](Txn& txn) {
        authorise_operation(txn, caller, service, operation, input.get(), parts.site,
                            parts.clock.now());
        Call call = make_call(parts, txn, caller, request_id);
        auto fresh = operation.make_output();  // the work may run again
        handler.run(call, input.get(), fresh.get());
        output = std::move(fresh);
      };
      operation.mode == wire::Mode::read ? parts.store.read(work) : parts.store.write(work);
    }
    return wire::serialise_response(service, operation, output.get(), request_id);
  }
};

Pipeline::Pipeline(const Parts& parts, InstanceRouter& router)
    : impl_(new Impl{parts, router}) {}

Pipeline::~Pipeline() = default;

http::Response Pipeline::handle(http::Request& request) {
  std::string request_id = impl_->parts.random.uuid();
  Route route = begin_route(request);
  return or_error(*route.spoken, route.operation, request_id, request.method == "HEAD", [&] {
    return impl_->serve(request, route, request_id,
                        [&](auto&&... rest) { return impl_->admit_signed(rest...); });
  });
}

http::Response Pipeline::handle_as(const Caller& caller, std::string_view service,
                                   http::Request& request) {
  std::string request_id = impl_->parts.random.uuid();
  Route route;
  route.service = find_service(service);
  TRAINYARD_ASSERT(route.service != nullptr);
  route.spoken = route.service->service;
  return or_error(*route.spoken, route.operation, request_id, request.method == "HEAD", [&] {
    return impl_->serve(request, route, request_id,
                        [&](auto&&... rest) { return Impl::admit_as(caller, rest...); });
  });
}

bool Pipeline::is_quick(const http::Request& request) {
  // What is quick runs on the thread of all connections that wait, so nothing else may pass for
  // InvokeEndpoint: its address, and neither a target nor a scope that leads elsewhere.
  if (request.method != "POST" || !request.path().starts_with("/endpoints/") ||
      !request.path().ends_with("/invocations") || request.headers.has("X-Amz-Target")) {
    return false;
  }
  const std::string scope = scope_service(request);
  return scope.empty() || scope == "sagemaker";
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
  wire::SignedRequest claim = wire::parse_authorization(copy, service);
  if (!claim.presigned) throw wire::missing_authentication(service);
  const ServiceDispatch* known = find_service(service);
  TRAINYARD_ASSERT(known != nullptr);
  std::unique_ptr<http::BodyReader> payload;
  return impl_->authenticate(copy, *known->service, payload);
}

Caller Pipeline::authenticate_signed(http::Request& request, std::string_view service) {
  const ServiceDispatch* known = find_service(service);
  TRAINYARD_ASSERT(known != nullptr);
  std::unique_ptr<http::BodyReader> payload;
  http::BodyReader* body = request.body;
  Caller caller = impl_->authenticate(request, *known->service, payload);
  request.body = body;
  return caller;
}

}  // namespace trainyard::server
