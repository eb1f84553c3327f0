#include "agent/forwarder.hpp"

#include "agent/relay.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"

namespace trainyard::agent {
namespace {

constexpr std::chrono::milliseconds kStopGrace{0};

http::Response refuse(int status, const std::string& message) {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = dump(json::object{{"message", message}});
  return response;
}

http::ServerOptions options() {
  http::ServerOptions options;
  options.connections_max = kForwardsMax;
  return options;
}

}  // namespace

Forwarder::Forwarder(DaemonLink& link, const fs::path& door, std::string token)
    : link_(link), token_(std::move(token)),
      door_(http::Address::parse("unix:" + door.string()), http::ClientOptions{}),
      server_(std::make_unique<http::Server>(
          options(), [this](http::Request& request) { return handle(request); })) {}

Forwarder::~Forwarder() { server_->stop(kStopGrace); }

void Forwarder::listen(Fd listening) { server_->listen_fd(std::move(listening)); }

int Forwarder::listen_on_loopback() { return server_->listen_tcp("127.0.0.1", 0); }

http::Response Forwarder::handle(http::Request& request) {
  try {
    if (request.path() == kCredentialsPath) return credentials(request);
    return forward(request);
  } catch (const http::TransportError& error) {
    log_info("a forwarded request failed: {}", error.what());
    return refuse(503, "the service is away for now");  // SDKs try again
  }
}

http::Response Forwarder::credentials(const http::Request& request) {
  if (request.method != "GET") return refuse(405, "method not allowed");
  if (!token_.empty() &&
      !equal_in_constant_time(request.headers.get("Authorization"), token_)) {
    return refuse(403, "wrong authorization token");
  }
  Answer answer = link_.get("credentials");
  http::Response response;
  response.status = answer.status;
  response.headers.set("Content-Type", "application/json");
  response.body = std::move(answer.body);
  return response;
}

http::Response Forwarder::forward(http::Request& request) {
  // Not absolute forms and not the daemon's own pages: AWS calls.
  if (!request.target.starts_with('/') || request.target.starts_with("/_")) {
    return refuse(404, "no such path");
  }
  const http::Outgoing outgoing = passed_on(request, request.target);
  return passed_back(request, door_.exchange_streaming(outgoing));
}

}  // namespace trainyard::agent
