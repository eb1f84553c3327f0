#include "client/transport.hpp"

#include <array>
#include <cctype>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "client/endpoint.hpp"
#include "wire/protocol.hpp"

namespace trainyard::client {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kErrorBodyMax = 1u << 20;
constexpr std::size_t kBucketLengthMax = 63;

/// Codes that say "later", whatever the status.
bool is_throttling(const std::string& code) {
  constexpr std::array<std::string_view, 8> kCodes{
      "Throttling",       "ThrottlingException",   "ThrottledException", "RequestThrottled",
      "TooManyRequestsException", "SlowDown", "RequestLimitExceeded", "BandwidthLimitExceeded"};
  return std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

/// Whether doing it twice is as good as doing it once, so that a call may be repeated although
/// nobody knows whether it arrived.
bool is_repeatable(const wire::Operation& operation) {
  if (operation.mode == wire::Mode::read || operation.method == "GET" ||
      operation.method == "HEAD" || operation.method == "PUT") {
    return true;
  }
  for (std::string_view verb : {"Describe", "List", "Get", "Put"}) {
    if (operation.name.substr(0, verb.size()) == verb) return true;
  }
  return false;
}

bool has_stream_output(const wire::Operation& operation) {
  for (const wire::Member& member : operation.output->members) {
    if (member.shape->kind == wire::Kind::stream) return true;
  }
  return false;
}

/// A bucket that may stand in a host name under AWS's certificate: no dots, no capitals.
bool fits_host(std::string_view bucket) {
  if (bucket.empty() || bucket.size() > kBucketLengthMax) return false;
  return std::all_of(bucket.begin(), bucket.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

/// "/bucket/key?x" → bucket and "/key?x".
std::string take_bucket(std::string& target) {
  std::size_t end = std::min(target.find_first_of("/?", 1), target.size());
  std::string bucket = target.substr(1, end - 1);
  if (!fits_host(bucket)) return {};
  target.erase(0, end);
  if (target.empty() || target.front() != '/') target.insert(0, "/");
  return bucket;
}

/// Reads a short stream into the body; a long one stays and is sent once.
void settle_stream(http::Outgoing& request) {
  if (request.stream == nullptr || request.stream_length > kBufferedStreamMax) return;
  // Without a declared length the stream must be short: HTTP wants to know it before.
  request.body = http::read_all(*request.stream, kBufferedStreamMax, "EntityTooLarge");
  if (request.stream_length != 0 && request.body.size() != request.stream_length) {
    throw SystemError("the body is shorter or longer than its declared length");
  }
  request.stream = nullptr;
  request.stream_length = 0;
}

}  // namespace

struct Transport::Impl {
  Config config;
  Clock& clock;
  Random& random;
  Pause pause;
  std::mutex mutex;  // pools and random
  std::map<std::string, std::shared_ptr<http::Pool>> pools;

  std::shared_ptr<http::Pool> pool_of(const http::Address& address) {
    std::string name = (address.tls ? "https://" : "http://") + address.host_header() + "|" +
                       address.unix_path.string();
    std::lock_guard lock(mutex);
    std::shared_ptr<http::Pool>& pool = pools[name];
    if (!pool) pool = std::make_shared<http::Pool>(address, config.http);
    return pool;
  }

  milliseconds backoff(int attempt) {
    milliseconds ceiling = std::min(kBackoffMax, kBackoffFirst * (1 << std::min(attempt, 10)));
    std::lock_guard lock(mutex);
    return milliseconds(random.below(static_cast<uint64_t>(ceiling.count()) + 1));
  }

  void sign(const Endpoint& endpoint, http::Outgoing& request) {
    std::string hash = request.stream != nullptr ? std::string(wire::kUnsignedPayload)
                                                 : sha256_hex(request.body);
    request.headers.set("Host", endpoint.address.host_header());
    wire::sign(config.credentials->get(), {endpoint.signing_region, endpoint.signing_name},
               request.method, request.target, request.headers, hash, clock.now());
  }

  http::Response send(const http::Address& address, const wire::Operation& operation,
                      const http::Outgoing& request) {
    std::shared_ptr<http::Pool> pool = pool_of(address);
    if (!has_stream_output(operation)) return pool->exchange(request);
    http::Response response = pool->exchange_streaming(request);
    if (response.status >= 300) {
      response.body = http::read_all(*response.stream, kErrorBodyMax);
      response.stream.reset();
    }
    return response;
  }
};

Transport::Transport(Config config)
    : Transport(std::move(config),
                []() -> Clock& {
                  static SystemClock clock;
                  return clock;
                }(),
                []() -> Random& {
                  static SystemRandom random;
                  return random;
                }(),
                [](milliseconds time) { std::this_thread::sleep_for(time); }) {}

Transport::Transport(Config config, Clock& clock, Random& random, Pause pause)
    : impl_(new Impl{std::move(config), clock, random, std::move(pause), {}, {}}) {}

Transport::~Transport() = default;

const Config& Transport::config() const { return impl_->config; }

void Transport::invoke(const wire::Service& service, const wire::Operation& operation,
                       const void* input, void* output) {
  http::Outgoing request = wire::serialise_request(service, operation, input);
  settle_stream(request);
  request.harmless_twice = is_repeatable(operation);
  Endpoint endpoint = resolve_endpoint(impl_->config, service.name);
  if (endpoint.is_aws && service.name == "s3") {
    std::string bucket = take_bucket(request.target);
    if (!bucket.empty()) endpoint.address.host = bucket + "." + endpoint.address.host;
  }
  const bool can_send_again = request.stream == nullptr;
  for (int attempt = 0;; ++attempt) {
    const bool last = !can_send_again || attempt + 1 >= impl_->config.attempts_max;
    impl_->sign(endpoint, request);
    try {
      http::Response response = impl_->send(endpoint.address, operation, request);
      if (response.status >= 200 && response.status < 300) {
        wire::parse_response(service, operation, response, output);
        return;
      }
      ApiError error = wire::parse_error(service, response);
      const bool later = response.status == 429 || response.status == 503 ||
                         is_throttling(error.code());
      const bool unknown = response.status >= 500 && is_repeatable(operation);
      if (last || !(later || unknown)) throw error;
    } catch (const http::TransportError& error) {
      if (last || (error.sent() && !is_repeatable(operation))) throw;
    }
    impl_->pause(impl_->backoff(attempt));
  }
}

}  // namespace trainyard::client
