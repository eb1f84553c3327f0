// What an instance's program uses, for CloudWatch: CPUUtilization, MemoryUtilization, and of GPUs
// the same (SageMaker Developer Guide, "Metrics for jobs and endpoint instances").
#pragma once

#include <map>
#include <thread>

#include "agent/daemon_link.hpp"
#include "agent/metrics.hpp"
#include "agent/plan.hpp"
#include "base/clock.hpp"

namespace trainyard::agent {

/// The first look comes soon, for jobs that are short; the others this far apart.
inline constexpr std::chrono::seconds kFirstUsageAfter{1};
inline constexpr std::chrono::seconds kUsageEvery{5};

/// Seconds of processor time that a process has used, and those of its children for whose end it
/// has waited, theirs included.
struct CpuTimes {
  double own = 0, of_children = 0;
};

/// What a process and all that descend from it hold now.
struct Usage {
  std::map<pid_t, CpuTimes> cpu;
  /// Without the pages of files. What several of them share counts once, where the kernel tells.
  uint64_t memory_bytes = 0;
};

/// By proc(5); what ends meanwhile does not count. `proc` is the folder that it is mounted at.
Usage usage_of_tree(pid_t root, const fs::path& proc = "/proc");

/// PURE: the seconds that were used between two looks. Of a process that came and went between
/// them it has what its parent was told; of one whose parent was not told, nothing.
double cpu_used(const std::map<pid_t, CpuTimes>& before, const std::map<pid_t, CpuTimes>& now);

/// PURE: from the lines "utilization, memory used, memory total" of nvidia-smi, one a GPU, the sums
/// over them, in percent: 100 is one whole GPU. Nothing for lines that say otherwise.
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
  std::vector<MetricValue> look_at_gpus(int64_t at_ms);
  void tell(const std::vector<MetricValue>& values);

  DaemonLink& link_;
  const Plan& plan_;
  const pid_t program_;
  Clock& clock_;
  StopSignal ending_;
  int64_t looked_ = 0;  // monotonic nanoseconds
  std::map<pid_t, CpuTimes> cpu_then_;
  bool gpus_tell_ = true;
  std::thread thread_;
};

}  // namespace trainyard::agent
