// InvokeEndpoint's way to the instances: picks a variant by weight and its least busy instance, and
// keeps connections open to each.
#pragma once

#include <memory>

#include "server/invocation_meter.hpp"
#include "server/parts.hpp"

namespace trainyard::server {

/// The longest that a model may take for one request (SageMaker's limit).
inline constexpr std::chrono::seconds kInvocationTimeout{60};

class DataPlane final : public InstanceRouter {
 public:
  DataPlane(Store& store, compute::Executor& executor, Random& random, const Site& site,
            InvocationMeters& meters);
  ~DataPlane() override;
  std::unique_ptr<Invoked> invoke(Invocation invocation) override;

 private:
  class Sent;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trainyard::server
