#include "agent/serving.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "compute/executor.hpp"
#include "http/client.hpp"

namespace trainyard::agent {
namespace {

constexpr std::size_t kPingBytesMax = 1 << 20;
constexpr int kQuickPings = 100;
constexpr std::chrono::milliseconds kQuick{10};
constexpr std::chrono::milliseconds kSlow{100};

}  // namespace

bool ping(const HealthCheck& check, const std::function<Fd()>& connect) {
  try {
    http::Address address;
    address.host = "localhost";
    address.port = compute::kContainerPort;
    http::ClientOptions options;
    options.read_timeout = check.timeout;
    http::Connection connection(connect(), address, options);
    http::Outgoing request;
    request.target = check.path;
    return connection.exchange(request, kPingBytesMax).status == 200;
  } catch (const http::TransportError& error) {
    log_debug("ping: {}", error.what());
  } catch (const SystemError& error) {
    log_debug("ping: {}", error.what());
  }
  return false;
}

std::chrono::milliseconds StartPace::next() { return ++count_ <= kQuickPings ? kQuick : kSlow; }

}  // namespace trainyard::agent
