#include "server/invocation_meter.hpp"

#include <algorithm>
#include <bit>

#include "base/log.hpp"

namespace trainyard::server {
namespace {

constexpr const char* kNamespace = "AWS/SageMaker";
constexpr double kNanosPerMicro = 1e3;

monitoring::Point part_of(const char* metric, Time at, uint64_t count, uint64_t total) {
  monitoring::Point point{metric, "None", at, {}};
  if (count > 0) point.values.emplace_back(1, count);
  if (count < total) point.values.emplace_back(0, total - count);
  return point;
}

}  // namespace

Outcome outcome_of(int status) {
  if (status >= 200 && status < 300) return Outcome::success;
  if (status < 400) return Outcome::other;
  return status < 500 ? Outcome::client_error : Outcome::server_error;
}

/// Nanoseconds below 8 are a step each; from there on each power of two has eight.
std::size_t Invocations::step_of(uint64_t nanos) {
  if (nanos < kSteps) return nanos;
  const int power = std::bit_width(nanos) - 4;  // of the step's length
  const std::size_t step = (power + 1) * kSteps + ((nanos >> power) - kSteps);
  return std::min<std::size_t>(step, kSteps * kPowers - 1);
}

/// The middle of a step.
double Invocations::micros_of(std::size_t step) {
  if (step < kSteps) return static_cast<double>(step) / kNanosPerMicro;
  const std::size_t power = step / kSteps - 1;
  const double low = static_cast<double>((uint64_t{kSteps} + step % kSteps) << power);
  return (low + static_cast<double>(uint64_t{1} << power) / 2) / kNanosPerMicro;
}

void Invocations::add(std::chrono::nanoseconds latency, Outcome outcome) {
  ++outcomes_[static_cast<std::size_t>(outcome)];
  ++latencies_[step_of(static_cast<uint64_t>(std::max<int64_t>(latency.count(), 0)))];
}

uint64_t Invocations::total() const {
  uint64_t sum = 0;
  for (const uint64_t count : outcomes_) sum += count;
  return sum;
}

std::vector<monitoring::Point> Invocations::points(Time at) const {
  const uint64_t all = total();
  auto count = [&](Outcome outcome) { return outcomes_[static_cast<std::size_t>(outcome)]; };
  const uint64_t server_errors = count(Outcome::server_error);
  const uint64_t client_errors = count(Outcome::client_error);
  monitoring::Point latency{"ModelLatency", "Microseconds", at, {}};
  for (std::size_t step = 0; step < latencies_.size(); ++step) {
    if (latencies_[step] > 0) latency.values.emplace_back(micros_of(step), latencies_[step]);
  }
  return {part_of("Invocations", at, all, all),
          part_of("Invocation4XXErrors", at, client_errors, all),
          part_of("Invocation5XXErrors", at, server_errors, all),
          part_of("InvocationModelErrors", at, all - count(Outcome::success), all),
          std::move(latency)};
}

void InvocationMeter::add(std::chrono::nanoseconds latency, Outcome outcome) {
  std::lock_guard lock(mutex_);
  current_.add(latency, outcome);
}

Invocations InvocationMeter::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(current_, {});
}

InvocationMeters::InvocationMeters(Store& store, Segments& segments, Clock& clock)
    : store_(store), segments_(segments), clock_(clock), thread_([this] { run(); }) {}

void InvocationMeters::stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::shared_ptr<InvocationMeter> InvocationMeters::of(const std::string& endpoint,
                                                      const std::string& variant) {
  std::lock_guard lock(mutex_);
  auto& meter = meters_[{endpoint, variant}];
  if (!meter) meter = std::make_shared<InvocationMeter>();
  return meter;
}

void InvocationMeters::run() {
  for (bool last = false; !last;) {
    {
      std::unique_lock lock(mutex_);
      last = changed_.wait_for(lock, kPublishEvery, [&] { return ending_; });
    }
    publish();
  }
}

void InvocationMeters::publish() {
  std::vector<std::pair<Name, Invocations>> taken;
  {
    std::lock_guard lock(mutex_);
    std::erase_if(meters_, [&](const auto& entry) {
      const bool unused = entry.second.use_count() == 1;  // no route names its variant any more
      taken.emplace_back(entry.first, entry.second->take());
      return unused;
    });
  }
  for (const auto& [name, invocations] : taken) {
    if (!invocations.empty()) publish(name, invocations);
  }
}

/// Metrics are not worth a daemon: what cannot be written is said and lost.
void InvocationMeters::publish(const Name& name, const Invocations& invocations) {
  const auto& [endpoint, variant] = name;
  const Time now = clock_.now();
  try {
    monitoring::append_points(
        store_, segments_, now,
        {kNamespace, {{"EndpointName", endpoint}, {"VariantName", variant}},
         "metrics/endpoint/" + endpoint, {}},
        invocations.points(now));
  } catch (const std::exception& error) {
    log_warning("metrics of endpoint {} are lost: {}", endpoint, error.what());
  }
}

}  // namespace trainyard::server
