#include "base/clock.hpp"

#include <cstdio>
#include <cstring>
#include <ctime>

#include <fmt/format.h>

namespace trainyard {
namespace {

std::tm utc_fields(Time time) {
  using namespace std::chrono;
  std::time_t seconds = floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  return fields;
}

int millis_of_second(Time time) {
  return static_cast<int>((time - std::chrono::floor<std::chrono::seconds>(time)).count());
}

/// Reads exactly `digits` decimal digits; false when the text ends or something else comes.
bool take_digits(std::string_view& text, int digits, int& value) {
  value = 0;
  for (int i = 0; i < digits; ++i) {
    if (text.empty() || text.front() < '0' || text.front() > '9') return false;
    value = value * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  return true;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

struct Fields {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millis = 0;
};

bool to_time(const Fields& f, Time& time) {
  using namespace std::chrono;
  year_month_day date{year(f.year), month(static_cast<unsigned>(f.month)),
                      day(static_cast<unsigned>(f.day))};
  if (!date.ok() || f.hour > 23 || f.minute > 59 || f.second > 60) return false;
  time = sys_days(date) + hours(f.hour) + minutes(f.minute) + seconds(f.second) +
         milliseconds(f.millis);
  return true;
}

}  // namespace

Time SystemClock::now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

int64_t monotonic_nanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string format_utc(Time time, const char* format) {
  std::tm fields = utc_fields(time);
  char buffer[128];
  return {buffer, std::strftime(buffer, sizeof buffer, format, &fields)};
}

std::string iso8601(Time time) {
  return format_utc(time, "%Y-%m-%dT%H:%M:%S") + fmt::format(".{:03}Z", millis_of_second(time));
}
std::string iso8601_seconds(Time time) { return format_utc(time, "%Y-%m-%dT%H:%M:%SZ"); }
std::string iso8601_basic(Time time) { return format_utc(time, "%Y%m%dT%H%M%SZ"); }
std::string http_date(Time time) { return format_utc(time, "%a, %d %b %Y %H:%M:%S GMT"); }

bool parse_iso8601(std::string_view text, Time& time) {
  Fields f;
  if (!take_digits(text, 4, f.year) || !take(text, '-') || !take_digits(text, 2, f.month) ||
      !take(text, '-') || !take_digits(text, 2, f.day) || !take(text, 'T') ||
      !take_digits(text, 2, f.hour) || !take(text, ':') || !take_digits(text, 2, f.minute) ||
      !take(text, ':') || !take_digits(text, 2, f.second)) {
    return false;
  }
  if (take(text, '.')) {
    int scale = 100, digits = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      f.millis += (text.front() - '0') * scale;
      scale /= 10;
      ++digits;
      text.remove_prefix(1);
    }
    if (digits == 0) return false;
  }
  if (!to_time(f, time)) return false;
  if (take(text, 'Z')) return text.empty();
  bool plus = take(text, '+');
  if (!plus && !take(text, '-')) return false;
  int hours = 0, minutes = 0;
  if (!take_digits(text, 2, hours) || !take(text, ':') || !take_digits(text, 2, minutes) ||
      !text.empty() || hours > 23 || minutes > 59) {
    return false;
  }
  Duration offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  time += plus ? -offset : offset;
  return true;
}

bool parse_iso8601_basic(std::string_view text, Time& time) {
  Fields f;
  return take_digits(text, 4, f.year) && take_digits(text, 2, f.month) &&
         take_digits(text, 2, f.day) && take(text, 'T') && take_digits(text, 2, f.hour) &&
         take_digits(text, 2, f.minute) && take_digits(text, 2, f.second) && take(text, 'Z') &&
         text.empty() && to_time(f, time);
}

bool parse_http_date(std::string_view text, Time& time) {
  std::string copy(text);
  std::tm fields{};
  const char* end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &fields);
  if (end == nullptr || *end != '\0') return false;
  time = from_millis(static_cast<int64_t>(timegm(&fields)) * 1000);
  return true;
}

}  // namespace trainyard
