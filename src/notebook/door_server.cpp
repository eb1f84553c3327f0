#include "notebook/door_server.hpp"

#include <fmt/format.h>

#include "base/hash.hpp"
#include "client/presign.hpp"

namespace trainyard::notebook {
namespace {

constexpr std::chrono::seconds kLinkLife{60};
constexpr std::size_t kConsolePageBytesMax = 64u << 20;

}  // namespace

ConsolePage presigned_pages(client::Config daemon, Clock& clock) {
  return [daemon = std::move(daemon), &clock](const std::string& kind, const std::string& arn) {
    const std::string url = client::presign_url(
        daemon, "states", "GET",
        fmt::format("/_console/{}/{}?links=relative", kind, percent_encode(arn)), kLinkLife,
        clock.now());
    const http::Address address = http::Address::parse(url);
    http::Outgoing request;
    request.target = url.substr(url.find('/', url.find("://") + 3));
    request.headers.set("Host", address.host_header());
    return http::Connection(address, daemon.http).exchange(request, kConsolePageBytesMax);
  };
}

DoorServer::DoorServer(DoorOptions options, const std::string& host, int port)
    : server_({}, [this](http::Request& request) { return door_->handle(request); }) {
  port_ = server_.listen_tcp(host, port, [&](int bound) {
    options.access.cookie = fmt::format("trainyard-notebook-{}", bound);
    door_.emplace(std::move(options));
  });
}

}  // namespace trainyard::notebook
