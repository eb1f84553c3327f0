#include "services/sagemaker/serving.hpp"

#include <algorithm>

namespace trainyard::sagemaker {

std::vector<ServingInstance> serving_instances(Txn& txn, std::string_view endpoint,
                                               int64_t generation) {
  std::vector<ServingInstance> instances;
  txn.each("SELECT a.id, a.variant, i.host FROM sagemaker_attempts a "
           "JOIN sagemaker_instances i ON i.attempt = a.id "
           "WHERE a.owner_kind = 'endpoint' AND a.owner = ? AND a.ended IS NULL "
           "AND a.generation = ? AND a.cancelled IS NULL AND i.phase = 'InService' "
           "ORDER BY a.variant, a.slot, a.id",
           [&](const Row& row) {
             instances.push_back({row.text(0), row.text(1), row.text(2)});
           },
           endpoint, generation);
  return instances;
}

int64_t serving_count(Txn& txn, std::string_view endpoint, int64_t generation,
                      std::string_view variant) {
  auto instances = serving_instances(txn, endpoint, generation);
  return std::count_if(instances.begin(), instances.end(),
                       [&](const auto& instance) { return instance.variant == variant; });
}

}  // namespace trainyard::sagemaker
