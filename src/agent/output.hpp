// The program's stdout and stderr: lines to the log, metrics out of them, the end of stderr kept.
#pragma once

#include <deque>
#include <string>
#include <thread>

#include "agent/lines.hpp"
#include "agent/metrics.hpp"
#include "agent/shipper.hpp"
#include "base/clock.hpp"

namespace trainyard::agent {

/// What of stderr goes into a FailureReason.
inline constexpr std::size_t kTailBytesMax = 800;

class OutputPump {
 public:
  /// Reads both descriptors until they end, on a thread of its own; they must outlive it.
  OutputPump(int out, int err, MetricScanner& scanner, Shipper& shipper, Clock& clock);
  ~OutputPump();

  /// Waits for the end of both streams, for `wait` at most: what was left behind by the program may
  /// hold them open.
  void finish(std::chrono::milliseconds wait);
  /// The last lines of stderr. After finish.
  std::string tail() const;

 private:
  struct Stream {
    int fd;
    bool is_error;
    LineSplitter splitter;
    bool open = true;
  };
  void run();
  void read(Stream& stream);
  void take(std::string_view line, bool is_error, int64_t now_ms);

  Stream streams_[2];
  MetricScanner& scanner_;
  Shipper& shipper_;
  Clock& clock_;
  std::vector<LogEvent> events_;
  std::vector<MetricValue> values_;
  std::deque<std::string> tail_;
  std::size_t tail_bytes_ = 0;
  StopSignal ended_, abandon_;
  std::thread thread_;
};

}  // namespace trainyard::agent
