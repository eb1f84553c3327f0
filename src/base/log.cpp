#include "base/log.hpp"

#include <atomic>
#include <string>

#include <unistd.h>

#include "base/clock.hpp"

namespace trainyard {
namespace {

std::atomic<LogLevel> g_level{LogLevel::info};

const char* name(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "?";
}

}  // namespace

void set_log_level(LogLevel level) { g_level = level; }
bool log_enabled(LogLevel level) { return level >= g_level.load(std::memory_order_relaxed); }

void write_log(LogLevel level, std::string_view text) {
  std::string line = iso8601(SystemClock().now());
  line += ' ';
  line += name(level);
  line += ' ';
  for (char c : text) line += c == '\n' || c == '\r' ? ' ' : c;  // one record, one line
  line += '\n';
  // A log that cannot be written has nowhere to complain to.
  [[maybe_unused]] auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace trainyard
