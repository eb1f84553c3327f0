// SageMaker's instance types, as data.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/sagemaker/machine.hpp"

namespace trainyard::sagemaker {

struct InstanceType {
  int vcpus = 0;
  int64_t memory_bytes = 0;
  int gpus = 0;
  bool other_accelerator = false;  // Inferentia, Trainium, Gaudi
};

/// "ml.c4.xlarge" and its like (Amazon EC2 User Guide, "Instance types"); nullopt for a type that
/// is not known here.
std::optional<InstanceType> find_instance_type(std::string_view name);

/// What one instance gets of a machine: never more than the machine has.
struct Share {
  int cpus = 1;
  int gpus = 0;
  int64_t memory_bytes = 0;  // 0 = no ceiling below the machine's own memory
};
/// `instances`: of one job, which share the machine's CPUs. Threads beyond those only wait for one
/// another.
Share share_of(const InstanceType& type, const Machine& machine, int instances = 1);

/// ValidationException for a type that is not known, ResourceLimitExceeded for one that needs an
/// accelerator which the machine lacks. `usage` is "training job" or "endpoint".
InstanceType check_instance_type(const std::string& name, std::string_view usage,
                                 const Machine& machine);

}  // namespace trainyard::sagemaker
