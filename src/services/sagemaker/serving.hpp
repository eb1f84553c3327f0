// Which instances of an endpoint take requests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/txn.hpp"

namespace trainyard::sagemaker {

struct ServingInstance {
  std::string attempt, variant, host;
};

/// Instances of a deployment that answer their health checks and have not been told to stop.
std::vector<ServingInstance> serving_instances(Txn& txn, std::string_view endpoint,
                                               int64_t generation);

/// How many of them a variant has.
int64_t serving_count(Txn& txn, std::string_view endpoint, int64_t generation,
                      std::string_view variant);

}  // namespace trainyard::sagemaker
