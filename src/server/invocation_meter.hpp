// How endpoints' models answer, as SageMaker tells CloudWatch: counted while requests pass,
// published by intervals (SageMaker Developer Guide, "Endpoint invocation metrics").
#pragma once

#include <array>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/parts.hpp"
#include "services/monitoring/append.hpp"

namespace trainyard::server {

/// A second would cost a busy endpoint 40 MB of metrics a day, CloudWatch's minute shows nobody
/// live what happens.
inline constexpr std::chrono::seconds kPublishEvery{5};

/// How a model answered: by its status, or not at all (no connection, nothing in time, no HTTP).
/// `other`: with a status below 400 that is no success either, an error of the model alone.
enum class Outcome { success, client_error, server_error, other, no_answer };
inline constexpr std::size_t kOutcomes = 5;
Outcome outcome_of(int status);

/// PURE: what happened in an interval.
class Invocations {
 public:
  void add(std::chrono::nanoseconds latency, Outcome outcome);
  bool empty() const { return total() == 0; }
  /// Invocations, Invocation4XXErrors, Invocation5XXErrors, InvocationModelErrors (of errors the
  /// sum is how many, the average which part) and ModelLatency in microseconds.
  std::vector<monitoring::Point> points(Time at) const;

 private:
  /// Latencies are kept to an eighth of a power of two: a tenth, at the most, from what they were.
  static constexpr int kSteps = 8;
  static constexpr int kPowers = 40;  // the last ends at 2^42 ns, 73 minutes
  static std::size_t step_of(uint64_t nanos);
  static double micros_of(std::size_t step);
  uint64_t total() const;

  std::array<uint64_t, kOutcomes> outcomes_{};
  std::array<uint32_t, kSteps * kPowers> latencies_{};
};

/// Of one variant of an endpoint; for many threads.
class InvocationMeter {
 public:
  void add(std::chrono::nanoseconds latency, Outcome outcome);
  /// What happened since the last time.
  Invocations take();

 private:
  std::mutex mutex_;
  Invocations current_;
};

/// All of them; publishes on a thread of its own, for the last time when it is stopped.
class InvocationMeters {
 public:
  InvocationMeters(Store& store, Segments& segments, Clock& clock);
  ~InvocationMeters() { stop(); }
  /// The last publication writes to the store: what its commits call must still be there.
  void stop();

  std::shared_ptr<InvocationMeter> of(const std::string& endpoint, const std::string& variant);

 private:
  using Name = std::pair<std::string, std::string>;  // endpoint, variant
  void run();
  void publish();
  void publish(const Name& name, const Invocations& invocations);

  Store& store_;
  Segments& segments_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::map<Name, std::shared_ptr<InvocationMeter>> meters_;
  std::thread thread_;
};

}  // namespace trainyard::server
