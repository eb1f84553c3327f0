#include "services/sagemaker/machine.hpp"

#include <thread>

#include <unistd.h>

#include "base/files.hpp"
#include "base/text.hpp"

namespace trainyard::sagemaker {
namespace {

int count_gpus() {
  std::error_code error;
  int count = 0;
  for (fs::directory_iterator entry("/proc/driver/nvidia/gpus", error), end; entry != end;
       entry.increment(error)) {
    if (error) break;
    ++count;
  }
  return count;
}

Machine read_machine() {
  Machine machine;
  if (unsigned cpus = std::thread::hardware_concurrency()) machine.cpus = static_cast<int>(cpus);
  long pages = ::sysconf(_SC_PHYS_PAGES), page_bytes = ::sysconf(_SC_PAGE_SIZE);
  if (pages > 0 && page_bytes > 0) machine.memory_bytes = int64_t{pages} * page_bytes;
  machine.gpus = count_gpus();
  machine.boot = trim(read_file_if_exists("/proc/sys/kernel/random/boot_id").value_or(""));
  return machine;
}

}  // namespace

const Machine& this_machine() {
  static const Machine machine = read_machine();
  return machine;
}

}  // namespace trainyard::sagemaker
