// Log lines between the program and the daemon: in memory up to a bound, then in a file.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "base/files.hpp"

namespace trainyard::agent {

struct LogEvent {
  int64_t at_ms = 0;
  std::string text;
};

struct LogQueueLimits {
  std::size_t memory_bytes = 8u << 20;
  uint64_t spool_bytes = 2ull << 30;  // beyond, lines are dropped and a line says how many
  std::size_t batch_bytes = 1u << 20;
  std::size_t batch_events = 20'000;
  std::chrono::milliseconds gather{200};  // a batch that is not full waits this long for more
};

/// For one or more writers and one reader. The order is kept. What the spool cannot take is dropped
/// and told of: a program must not wait for a disk that is full.
class LogQueue {
 public:
  /// The spool file is made when it is first needed, and removed at the end.
  LogQueue(fs::path spool, LogQueueLimits limits);
  ~LogQueue();

  void push(std::vector<LogEvent> events);
  /// No more will come.
  void close();
  /// The next events; empty once the queue is closed and everything was taken.
  std::vector<LogEvent> take();

 private:
  static std::size_t cost(const LogEvent& event) { return event.text.size() + sizeof event; }
  bool full_batch() const {
    return memory_cost_ + spooled_ >= limits_.batch_bytes || memory_.size() >= limits_.batch_events;
  }
  void keep(LogEvent event);
  /// `lines`: how many are missing when it is lost.
  void spool(const LogEvent& event, uint64_t lines);
  void flush_spool();
  bool open_spool();
  void refill();
  void tell_dropped(int64_t at_ms);

  const fs::path path_;
  const LogQueueLimits limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<LogEvent> memory_;
  std::size_t memory_cost_ = 0;
  Fd file_;
  std::string unwritten_;      // the end of the spool that is not in the file yet
  uint64_t unwritten_lines_ = 0;
  uint64_t written_ = 0;       // bytes in the file
  uint64_t read_ = 0;          // bytes of it that were taken
  uint64_t spooled_ = 0;       // bytes that wait, in file and `unwritten_`
  uint64_t dropped_ = 0;
  std::string dropped_why_;
  int64_t last_at_ms_ = 0;
  bool closed_ = false;
};

}  // namespace trainyard::agent
