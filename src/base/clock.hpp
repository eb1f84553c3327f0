// Time as an argument. The real clock is read in clock.cpp and nowhere else (tools/tidy checks it).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace trainyard {

/// A wall-clock instant with AWS's resolution, one millisecond, in UTC.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

inline int64_t to_millis(Time time) { return time.time_since_epoch().count(); }
inline Time from_millis(int64_t millis) { return Time(Duration(millis)); }
inline double to_epoch_seconds(Time time) { return static_cast<double>(to_millis(time)) / 1000.0; }

/// What four digits of a year can tell: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
inline constexpr double kEpochSecondsMin = -62'135'596'800.0;
inline constexpr double kEpochSecondsMax = 253'402'300'799.0;
inline bool is_epoch_time(double seconds) {
  return seconds >= kEpochSecondsMin && seconds <= kEpochSecondsMax;
}
/// The nearest millisecond; the epoch for what is no such time.
inline Time from_epoch_seconds(double seconds) {
  if (!is_epoch_time(seconds)) return Time{};
  return from_millis(static_cast<int64_t>(seconds * 1000.0 + (seconds < 0 ? -0.5 : 0.5)));
}

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  Time now() override;
};

/// A clock that a test moves by hand.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start = from_millis(1'700'000'000'000)) : now_(start) {}
  Time now() override { return now_; }
  void advance(Duration by) { now_ += by; }
  void set(Time time) { now_ = time; }

 private:
  Time now_;
};

/// Monotonic nanoseconds, for measuring only.
int64_t monotonic_nanos();

std::string iso8601(Time time);              // 2026-11-23T08:28:15.123Z
std::string iso8601_seconds(Time time);      // 2026-11-23T08:28:15Z
std::string iso8601_basic(Time time);        // 20261123T082815Z (SigV4)
std::string http_date(Time time);            // Mon, 23 Nov 2026 08:28:15 GMT
/// strftime in UTC.
std::string format_utc(Time time, const char* format);

/// Accepts RFC 3339 with optional fraction and 'Z' or a numeric offset; false when malformed.
bool parse_iso8601(std::string_view text, Time& time);
bool parse_iso8601_basic(std::string_view text, Time& time);
bool parse_http_date(std::string_view text, Time& time);

}  // namespace trainyard
