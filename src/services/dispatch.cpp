#include "services/dispatch.hpp"

#include "generated/events/operations.hpp"
#include "generated/iam/operations.hpp"
#include "generated/logs/operations.hpp"
#include "generated/monitoring/operations.hpp"
#include "generated/runtime/operations.hpp"
#include "generated/s3/operations.hpp"
#include "generated/sagemaker/operations.hpp"
#include "generated/states/operations.hpp"
#include "generated/sts/operations.hpp"

namespace trainyard {

std::span<const ServiceDispatch* const> all_services() {
  static const ServiceDispatch* const services[] = {
      &states::kDispatch, &sagemaker::kDispatch, &runtime::kDispatch, &s3::kDispatch,
      &iam::kDispatch,    &sts::kDispatch,       &logs::kDispatch,    &events::kDispatch,
      &monitoring::kDispatch};
  return services;
}

}  // namespace trainyard
