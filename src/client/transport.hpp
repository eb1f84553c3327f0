// Typed calls over HTTP: serialise, sign, send, parse; and again when the failure was of the kind
// that passes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "client/config.hpp"
#include "http/client.hpp"
#include "wire/invoker.hpp"

namespace trainyard::client {

/// Streams up to this length are read first, so that the call can be signed whole and repeated.
inline constexpr uint64_t kBufferedStreamMax = 16u << 20;
inline constexpr std::chrono::milliseconds kBackoffFirst{100};
inline constexpr std::chrono::milliseconds kBackoffMax{10'000};

/// For many threads. What the service answers as an error is thrown as ApiError; what fails on the
/// way as http::TransportError; missing credentials as SystemError.
class Transport final : public wire::Invoker {
 public:
  using Pause = std::function<void(std::chrono::milliseconds)>;

  explicit Transport(Config config);
  /// Time and chance as arguments; `clock` and `random` must outlive the transport.
  Transport(Config config, Clock& clock, Random& random, Pause pause);
  ~Transport() override;

  void invoke(const wire::Service& service, const wire::Operation& operation, const void* input,
              void* output) override;
  const Config& config() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trainyard::client
