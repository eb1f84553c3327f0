#include "agent/usage.hpp"

#include <charconv>
#include <cmath>

#include <unistd.h>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace trainyard::agent {
namespace {

/// A report that takes longer than this is given up.
constexpr std::chrono::seconds kTellMax{2};
constexpr double kNanos = 1e9;
constexpr double kPercent = 100;

/// "" for what is gone by now: a file of a process that has ended cannot even be read.
std::string text_of(const fs::path& path) {
  try {
    return read_file_if_exists(path).value_or("");
  } catch (const SystemError&) {
    return "";
  }
}

struct Process {
  pid_t parent = 0;
  CpuTimes cpu;
};

/// proc_pid_stat(5): the name in brackets may hold anything, the fields behind it are numbers.
std::optional<Process> parse_stat(const std::string& text) {
  constexpr std::size_t kParent = 1, kUserTime = 11, kSystemTime = 12, kChildrenUserTime = 13,
                        kChildrenSystemTime = 14;
  const std::size_t close = text.rfind(')');
  if (close == std::string::npos || close + 2 > text.size()) return std::nullopt;
  const std::vector<std::string> fields = split(text.substr(close + 2), ' ');
  if (fields.size() <= kChildrenSystemTime) return std::nullopt;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  auto seconds = [&](std::size_t user, std::size_t system) {
    return (std::strtod(fields[user].c_str(), nullptr) +
            std::strtod(fields[system].c_str(), nullptr)) / ticks;
  };
  return Process{std::atoi(fields[kParent].c_str()),
                 {seconds(kUserTime, kSystemTime),
                  seconds(kChildrenUserTime, kChildrenSystemTime)}};
}

/// The sum of two lines "Pss_Anon:     1234 kB"; nullopt when one is missing.
std::optional<uint64_t> sum_of_lines(const std::string& text, const char* one, const char* other) {
  uint64_t kilobytes = 0;
  for (const std::string_view name : {one, other}) {
    const std::size_t at = text.find(name);
    if (at == std::string::npos) return std::nullopt;
    kilobytes += std::strtoull(text.c_str() + at + name.size(), nullptr, 10);
  }
  return kilobytes * 1024;
}

/// What forked workers share counts in parts, a part in each (proc_pid_smaps(5)); whole in each
/// (proc_pid_status(5)) where a kernel before 5.12 does not tell the parts.
uint64_t memory_of(const fs::path& process) {
  if (const auto parts =
          sum_of_lines(text_of(process / "smaps_rollup"), "Pss_Anon:", "Pss_Shmem:")) {
    return *parts;
  }
  return sum_of_lines(text_of(process / "status"), "RssAnon:", "RssShmem:").value_or(0);
}

std::map<pid_t, Process> all_processes(const fs::path& proc) {
  std::map<pid_t, Process> processes;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(proc, error)) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto [end, wrong] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (wrong != std::errc() || end != name.data() + name.size()) continue;
    const auto process = parse_stat(text_of(entry.path() / "stat"));
    if (process) processes[pid] = *process;
  }
  return processes;
}

uint64_t machine_memory() {
  return static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<uint64_t>(::sysconf(_SC_PAGE_SIZE));
}

}  // namespace

Usage usage_of_tree(pid_t root, const fs::path& proc) {
  const std::map<pid_t, Process> processes = all_processes(proc);
  std::multimap<pid_t, pid_t> children;
  for (const auto& [pid, process] : processes) children.emplace(process.parent, pid);
  Usage usage;
  std::vector<pid_t> waiting{root};
  while (!waiting.empty()) {
    const pid_t pid = waiting.back();
    waiting.pop_back();
    const auto found = processes.find(pid);
    if (found == processes.end()) continue;
    usage.cpu[pid] = found->second.cpu;
    usage.memory_bytes += memory_of(proc / std::to_string(pid));
    const auto [first, last] = children.equal_range(pid);
    for (auto child = first; child != last; ++child) waiting.push_back(child->second);
  }
  return usage;
}

double cpu_used(const std::map<pid_t, CpuTimes>& before, const std::map<pid_t, CpuTimes>& now) {
  double own = 0, of_children = 0;
  for (const auto& [pid, times] : now) {
    const auto then = before.find(pid);
    const bool same = then != before.end() && then->second.own <= times.own;
    own += times.own - (same ? then->second.own : 0);
    of_children += times.of_children - (same ? then->second.of_children : 0);
  }
  // What has ended has become its parent's: all but what was counted while it was there.
  for (const auto& [pid, times] : before) {
    if (!now.contains(pid)) of_children -= times.own + times.of_children;
  }
  return own + std::max(of_children, 0.0);
}

std::vector<MetricValue> gpu_values(const std::string& lines, int64_t at_ms) {
  double busy = 0, memory = 0;
  bool any = false;
  for (const std::string& line : split(lines, '\n')) {
    double utilization = 0, used = 0, total = 0;
    if (std::sscanf(line.c_str(), "%lf, %lf, %lf", &utilization, &used, &total) != 3) continue;
    if (total <= 0) continue;
    any = true;
    busy += utilization;
    memory += used / total * kPercent;
  }
  if (!any) return {};
  return {{"GPUUtilization", busy, at_ms}, {"GPUMemoryUtilization", memory, at_ms}};
}

UsageReporter::UsageReporter(DaemonLink& link, const Plan& plan, pid_t program, Clock& clock)
    : link_(link), plan_(plan), program_(program), clock_(clock), looked_(monotonic_nanos()),
      thread_([this] { run(); }) {}

UsageReporter::~UsageReporter() {
  ending_.trigger();
  thread_.join();
}

void UsageReporter::run() {
  auto pause = kFirstUsageAfter;
  while (!ending_.wait_for(pause)) {
    pause = kUsageEvery;
    try {
      tell(look());
    } catch (const std::exception& error) {
      log_debug("what the program uses was not heard: {}", error.what());
    }
  }
}

std::vector<MetricValue> UsageReporter::look() {
  const int64_t now = monotonic_nanos();
  const int64_t at_ms = to_millis(clock_.now());
  const Usage usage = usage_of_tree(program_);
  const double seconds = static_cast<double>(now - looked_) / kNanos;
  const double used = cpu_used(std::exchange(cpu_then_, usage.cpu), usage.cpu);
  looked_ = now;
  const uint64_t memory = plan_.memory_bytes != 0 ? plan_.memory_bytes : machine_memory();
  std::vector<MetricValue> values{
      {"CPUUtilization", used / seconds * kPercent, at_ms},
      {"MemoryUtilization",
       static_cast<double>(usage.memory_bytes) / static_cast<double>(memory) * kPercent, at_ms}};
  for (MetricValue& value : look_at_gpus(at_ms)) values.push_back(std::move(value));
  return values;
}

/// Of the GPUs that the program sees: the first ones (compute::gpu_nodes). Where nvidia-smi does
/// not run it is not asked again.
std::vector<MetricValue> UsageReporter::look_at_gpus(int64_t at_ms) {
  if (plan_.gpus == 0 || !gpus_tell_) return {};
  std::vector<std::string> first;
  for (int i = 0; i < plan_.gpus; ++i) first.push_back(std::to_string(i));
  try {
    const Finished asked =
        run_command({"nvidia-smi", "--id=" + join(first, ","),
                     "--query-gpu=utilization.gpu,memory.used,memory.total",
                     "--format=csv,noheader,nounits"},
                    ending_.fd());
    return gpu_values(asked.out, at_ms);
  } catch (const SystemError& error) {
    log_info("GPUs are not watched: {}", error.what());
    gpus_tell_ = false;
    return {};
  }
}

void UsageReporter::tell(const std::vector<MetricValue>& values) {
  const Answer answer =
      link_.tell("usage", dump(json::object{{"values", to_json(values)}}), kTellMax);
  if (answer.status >= 300) {
    log_debug("the daemon refuses what the program uses: {} {}", answer.status, answer.body);
  }
}

}  // namespace trainyard::agent
