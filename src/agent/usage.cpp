#include "agent/usage.hpp"

#include <charconv>
#include <cmath>
#include <map>

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
  double cpu_seconds = 0;
};

/// proc_pid_stat(5): the name in brackets may hold anything, the fields behind it are numbers.
std::optional<Process> parse_stat(const std::string& text) {
  constexpr std::size_t kParent = 1, kUserTime = 11, kChildrenSystemTime = 14;
  const std::size_t close = text.rfind(')');
  if (close == std::string::npos || close + 2 > text.size()) return std::nullopt;
  const std::vector<std::string> fields = split(text.substr(close + 2), ' ');
  if (fields.size() <= kChildrenSystemTime) return std::nullopt;
  Process process;
  double ticks = 0;
  for (std::size_t i = kUserTime; i <= kChildrenSystemTime; ++i) {
    ticks += std::strtod(fields[i].c_str(), nullptr);
  }
  process.parent = std::atoi(fields[kParent].c_str());
  process.cpu_seconds = ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return process;
}

/// proc_pid_status(5), "RssAnon:     1234 kB" and RssShmem.
uint64_t own_memory(const std::string& status) {
  uint64_t kilobytes = 0;
  for (const char* name : {"RssAnon:", "RssShmem:"}) {
    const std::size_t at = status.find(name);
    if (at == std::string::npos) continue;
    kilobytes += std::strtoull(status.c_str() + at + std::string_view(name).size(), nullptr, 10);
  }
  return kilobytes * 1024;
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
    usage.cpu_seconds += found->second.cpu_seconds;
    usage.memory_bytes += own_memory(text_of(proc / std::to_string(pid) / "status"));
    const auto [first, last] = children.equal_range(pid);
    for (auto child = first; child != last; ++child) waiting.push_back(child->second);
  }
  return usage;
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
    } catch (const Stopped&) {
      return;
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
  // What an ended child had used is its parent's only once that has waited for it.
  const double used = std::max(usage.cpu_seconds - cpu_then_, 0.0);
  looked_ = now;
  cpu_then_ = std::max(usage.cpu_seconds, cpu_then_);
  const uint64_t memory = plan_.memory_bytes != 0 ? plan_.memory_bytes : machine_memory();
  std::vector<MetricValue> values{
      {"CPUUtilization", used / seconds * kPercent, at_ms},
      {"MemoryUtilization",
       static_cast<double>(usage.memory_bytes) / static_cast<double>(memory) * kPercent, at_ms}};
  if (plan_.gpus > 0) {
    const Finished asked = run_command({"nvidia-smi",
                                        "--query-gpu=utilization.gpu,memory.used,memory.total",
                                        "--format=csv,noheader,nounits"},
                                       ending_.fd());
    for (MetricValue& value : gpu_values(asked.out, at_ms)) values.push_back(std::move(value));
  }
  return values;
}

void UsageReporter::tell(const std::vector<MetricValue>& values) {
  const Answer answer = link_.post("usage", dump(json::object{{"values", to_json(values)}}),
                                   Patience(kTellMax, &ending_));
  if (answer.status >= 300) {
    log_debug("the daemon refuses what the program uses: {} {}", answer.status, answer.body);
  }
}

}  // namespace trainyard::agent
