// What the host has: instance types are ceilings on it, not reservations.
#pragma once

#include <cstdint>
#include <string>

namespace trainyard::sagemaker {

struct Machine {
  int cpus = 1;
  int64_t memory_bytes = 0;
  int gpus = 0;
  std::string boot;  // differs after each boot; "" when the kernel does not tell
};

/// This machine, read at the first call and kept.
const Machine& this_machine();

}  // namespace trainyard::sagemaker
