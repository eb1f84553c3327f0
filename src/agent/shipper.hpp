// Lines and metrics on their way to the daemon, each stream in order, while the program runs on.
#pragma once

#include <atomic>
#include <thread>

#include "agent/daemon_link.hpp"
#include "agent/log_queue.hpp"
#include "agent/metrics.hpp"

namespace trainyard::agent {

inline constexpr std::size_t kMetricsWaitingMax = 100'000;

class Shipper {
 public:
  Shipper(DaemonLink& link, std::string group, std::string stream, fs::path spool,
          LogQueueLimits limits = {});
  ~Shipper();

  void lines(std::vector<LogEvent> events) { queue_.push(std::move(events)); }
  /// One line of the agent's own.
  void line(int64_t at_ms, std::string text);
  /// While the daemon is away at most kMetricsWaitingMax are kept; later ones are dropped.
  void metrics(std::vector<MetricValue> values);
  /// Returns once everything has been taken by the daemon, or it was away for kDaemonAwayMax.
  void finish();

 private:
  void run();
  void send_lines(const std::vector<LogEvent>& batch);
  void send_metrics();
  void send(const std::string& what, const std::string& body);

  DaemonLink& link_;
  const std::string group_, stream_;
  LogQueue queue_;
  uint64_t next_ = 0;  // index of the next event in the stream
  uint64_t next_metric_ = 0;  // index of the next metric value of this instance
  std::mutex mutex_;
  std::vector<MetricValue> metrics_;
  bool gave_up_ = false;
  std::thread thread_;
};

/// The body of a log report; `first` is the index of its first event in the stream.
std::string log_report(const std::string& group, const std::string& stream, uint64_t first,
                       const std::vector<LogEvent>& events);

}  // namespace trainyard::agent
