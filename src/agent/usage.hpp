// What an instance's program uses, for CloudWatch: CPUUtilization, MemoryUtilization, and of GPUs
// the same (SageMaker Developer Guide, "Metrics for jobs and endpoint instances").
#pragma once

#include <thread>

#include "agent/daemon_link.hpp"
#include "agent/metrics.hpp"
#include "agent/plan.hpp"
#include "base/clock.hpp"

namespace trainyard::agent {

/// The first look comes soon, for jobs that are short; the others this far apart.
inline constexpr std::chrono::seconds kFirstUsageAfter{1};
inline constexpr std::chrono::seconds kUsageEvery{5};

/// What a process and all that descend from it hold now.
struct Usage {
  double cpu_seconds = 0;     // of processor time since they began, ended children's included
  uint64_t memory_bytes = 0;  // of their own: not the pages of files, which others may share
};

/// By proc(5); what ends meanwhile does not count. `proc` is the folder that it is mounted at.
Usage usage_of_tree(pid_t root, const fs::path& proc = "/proc");

/// PURE: from the lines "utilization, memory used, memory total" of nvidia-smi, one a GPU, the sums
/// over all GPUs, in percent: 100 is one whole GPU. Nothing for lines that say otherwise.
std::vector<MetricValue> gpu_values(const std::string& lines, int64_t at_ms);

/// Tells the daemon what a program uses, on a thread of its own, until destroyed. What the daemon
/// cannot take at once is lost: there will be another.
class UsageReporter {
 public:
  UsageReporter(DaemonLink& link, const Plan& plan, pid_t program, Clock& clock);
  ~UsageReporter();

 private:
  void run();
  std::vector<MetricValue> look();
  void tell(const std::vector<MetricValue>& values);

  DaemonLink& link_;
  const Plan& plan_;
  const pid_t program_;
  Clock& clock_;
  StopSignal ending_;
  int64_t looked_ = 0;   // monotonic nanoseconds
  double cpu_then_ = 0;  // seconds
  std::thread thread_;
};

}  // namespace trainyard::agent
