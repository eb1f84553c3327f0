#include "server/data_plane.hpp"

#include <atomic>

#include "base/error.hpp"
#include "base/log.hpp"
#include "http/client.hpp"
#include "services/sagemaker/routing.hpp"
#include "store/remembered.hpp"

namespace trainyard::server {
namespace {

/// Another instance is tried when one cannot be reached.
constexpr std::size_t kAttemptsPerRequest = 2;

/// One instance as the data plane sees it: its connections, and how many requests it has now.
struct Instance {
  std::string attempt, host;
  std::unique_ptr<http::Pool> pool;
  std::atomic<int> outstanding{0};
};

struct Variant {
  std::string name;
  double weight = 1;
  std::shared_ptr<InvocationMeter> meter;
  std::vector<std::shared_ptr<Instance>> instances;
};

using Variants = std::vector<Variant>;

/// The instance's count of running requests, taken back when the response has been read.
class Busy {
 public:
  explicit Busy(std::shared_ptr<Instance> instance) : instance_(std::move(instance)) {
    ++instance_->outstanding;
  }
  ~Busy() {
    if (instance_) --instance_->outstanding;
  }
  Busy(Busy&&) noexcept = default;
  Busy& operator=(Busy&&) = delete;

 private:
  std::shared_ptr<Instance> instance_;
};

class CountedBody final : public http::BodyReader {
 public:
  CountedBody(std::unique_ptr<http::BodyReader> body, Busy busy)
      : body_(std::move(body)), busy_(std::move(busy)) {}
  std::size_t read(char* data, std::size_t size) override { return body_->read(data, size); }

 private:
  std::unique_ptr<http::BodyReader> body_;
  Busy busy_;
};

[[noreturn]] void throw_missing(const std::string& endpoint, const Site& site) {
  throw ApiError("ValidationError", 400,
                 "Endpoint " + endpoint + " of account " + site.account + " not found.");
}

[[noreturn]] void throw_unavailable(const std::string& endpoint) {
  throw ApiError("ServiceUnavailable", 503,
                 "Endpoint " + endpoint + " has no instance that can take the request now.");
}

}  // namespace

struct DataPlane::Impl {
  Store& store;
  compute::Executor& executor;
  Random& random;
  const Site& site;
  InvocationMeters& meters;
  std::mutex mutex;
  Remembered<int64_t> revisions{1};
  int64_t revision = -1;
  std::map<std::string, std::shared_ptr<const Variants>> routes;
  std::map<std::string, std::weak_ptr<Instance>> instances;  // by attempt/host

  std::shared_ptr<Instance> instance(const std::string& attempt, const std::string& host) {
    auto& slot = instances[attempt + "/" + host];
    if (auto known = slot.lock()) return known;
    auto fresh = std::make_shared<Instance>();
    fresh->attempt = attempt;
    fresh->host = host;
    fresh->pool = std::make_unique<http::Pool>([this, attempt, host] {
      http::Address address;
      address.host = host;
      address.port = compute::kContainerPort;
      http::ClientOptions options;
      options.read_timeout = kInvocationTimeout;
      return http::Connection(executor.connect(attempt, host, address.port), address, options);
    });
    slot = fresh;
    return fresh;
  }

  /// The endpoint's variants, from memory unless some endpoint has changed since.
  std::shared_ptr<const Variants> variants_of(const std::string& endpoint) {
    int64_t now = store.read([&](Txn& txn) {
      return revisions.get(txn, "", [&] { return sagemaker::routes_revision(txn); });
    });
    std::lock_guard lock(mutex);
    if (now != revision) {
      routes.clear();
      std::erase_if(instances, [](const auto& entry) { return entry.second.expired(); });
      revision = now;
    }
    auto known = routes.find(endpoint);
    if (known != routes.end()) return known->second;
    auto route = store.read([&](Txn& txn) { return sagemaker::route(txn, endpoint); });
    if (!route) throw_missing(endpoint, site);
    auto variants = std::make_shared<Variants>();
    for (const auto& variant : route->variants) {
      Variant mine{variant.name, variant.weight, meters.of(endpoint, variant.name), {}};
      for (const auto& member : variant.instances) {
        mine.instances.push_back(instance(member.attempt, member.host));
      }
      variants->push_back(std::move(mine));
    }
    routes[endpoint] = variants;
    return variants;
  }

  const Variant& choose_variant(const Variants& variants, const Invocation& invocation) {
    if (!invocation.variant.empty()) {
      for (const Variant& variant : variants) {
        if (variant.name == invocation.variant) return variant;
      }
      throw ApiError("ValidationError", 400,
                     "Variant " + invocation.variant + " of endpoint " + invocation.endpoint +
                         " not found.");
    }
    double total = 0;
    for (const Variant& variant : variants) total += variant.instances.empty() ? 0 : variant.weight;
    double at = random.uniform() * total;
    for (const Variant& variant : variants) {
      if (variant.instances.empty()) continue;
      at -= variant.weight;
      if (at < 0) return variant;
    }
    throw_unavailable(invocation.endpoint);
  }

  /// The least busy instance that is not in `tried`; ties go round by chance.
  std::shared_ptr<Instance> choose_instance(const Variant& variant,
                                            const std::vector<Instance*>& tried) {
    std::shared_ptr<Instance> best;
    std::size_t count = variant.instances.size();
    std::size_t start = count > 1 ? random.below(count) : 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto& candidate = variant.instances[(start + i) % count];
      if (std::find(tried.begin(), tried.end(), candidate.get()) != tried.end()) continue;
      if (!best || candidate->outstanding < best->outstanding) best = candidate;
    }
    return best;
  }
};

namespace {

ApiError no_answer(const std::string& variant) {
  const std::string original =
      "Your invocation timed out while waiting for a response from container.";
  ApiError failure("ModelError", 424, "Received server error (0) from " + variant +
                                          " with message \"" + original + "\".");
  failure.fields()["OriginalStatusCode"] = "0";
  failure.fields()["OriginalMessage"] = original;
  return failure;
}

}  // namespace

/// One invocation: at once on a connection that is open, else on the thread that asks for the end.
class DataPlane::Sent final : public Invoked {
 public:
  Sent(Impl& plane, std::shared_ptr<const Variants> variants, const Variant& variant,
       Invocation invocation)
      : plane_(plane),
        variants_(std::move(variants)),
        variant_(variant),
        endpoint_(std::move(invocation.endpoint)) {
    request_.method = "POST";
    request_.target = "/invocations";
    request_.harmless_twice = true;
    request_.headers = std::move(invocation.headers);
    request_.body = std::move(invocation.body);
    if (next_instance()) begun_ = instance_->pool->begin(request_);
  }

  Progress progress() override { return begun_ ? begun_->progress() : Progress::partial; }
  int fd() const override { return begun_ ? begun_->fd() : -1; }
  int64_t deadline() const override { return begun_->deadline(); }

  Answer finish() override {
    while (instance_) {
      try {
        Answer answer;
        answer.response = begun_ ? std::exchange(begun_, nullptr)->finish()
                                 : instance_->pool->exchange_streaming(request_);
        answer.variant = variant_.name;
        count(outcome_of(answer.response.status));
        if (answer.response.stream) {
          answer.response.stream =
              std::make_unique<CountedBody>(std::move(answer.response.stream), std::move(*busy_));
        }
        busy_.reset();
        return answer;
      } catch (const http::TransportError& error) {
        log_info("endpoint {}: instance {} did not answer: {}", endpoint_, instance_->attempt,
                 error.what());
        if (error.sent()) {
          count(Outcome::no_answer);
          throw no_answer(variant_.name);
        }
      } catch (const SystemError& error) {
        log_info("endpoint {}: instance {} is out of reach: {}", endpoint_, instance_->attempt,
                 error.what());
      }
      next_instance();
    }
    if (!tried_.empty()) count(Outcome::no_answer);
    throw_unavailable(endpoint_);
  }

 private:
  /// Until the head of the answer is there: what streams after it takes as long as its reader.
  void count(Outcome outcome) {
    variant_.meter->add(std::chrono::nanoseconds(monotonic_nanos() - begun_at_), outcome);
  }

  bool next_instance() {
    busy_.reset();
    instance_ = nullptr;
    if (tried_.size() < kAttemptsPerRequest) instance_ = plane_.choose_instance(variant_, tried_);
    if (!instance_) return false;
    tried_.push_back(instance_.get());
    busy_.emplace(instance_);
    return true;
  }

  Impl& plane_;
  std::shared_ptr<const Variants> variants_;  // keeps variant_
  const Variant& variant_;
  std::string endpoint_;
  const int64_t begun_at_ = monotonic_nanos();
  http::Outgoing request_;
  std::vector<Instance*> tried_;
  std::shared_ptr<Instance> instance_;
  std::optional<Busy> busy_;
  std::unique_ptr<http::PendingResponse> begun_;
};

DataPlane::DataPlane(Store& store, compute::Executor& executor, Random& random, const Site& site,
                     InvocationMeters& meters)
    : impl_(new Impl{.store = store, .executor = executor, .random = random, .site = site,
                     .meters = meters}) {}

DataPlane::~DataPlane() = default;

std::unique_ptr<InstanceRouter::Invoked> DataPlane::invoke(Invocation invocation) {
  auto variants = impl_->variants_of(invocation.endpoint);
  const Variant& variant = impl_->choose_variant(*variants, invocation);
  return std::make_unique<Sent>(*impl_, std::move(variants), variant, std::move(invocation));
}

}  // namespace trainyard::server
