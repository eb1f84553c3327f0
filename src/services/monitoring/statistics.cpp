#include "services/monitoring/statistics.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace trainyard::monitoring {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr days kMinutesKept{15};
constexpr days kFiveMinutesKept{63};

Time floor_to(Time time, Duration step) {
  Duration past = time.time_since_epoch() % step;
  return time - (past.count() < 0 ? past + step : past);
}

}  // namespace

void Summary::add(const Summary& more) {
  count += more.count;
  sum += more.sum;
  minimum = std::min(minimum, more.minimum);
  maximum = std::max(maximum, more.maximum);
}

Summary summary_of(const Datum& datum) {
  if (datum.summary) return *datum.summary;
  Summary summary;
  for (const auto& [value, count] : datum.values) summary.add({count, value * count, value, value});
  return summary;
}

std::optional<Statistic> parse_statistic(std::string_view name) {
  for (const char* known : {"SampleCount", "Average", "Sum", "Minimum", "Maximum"}) {
    if (name == known) return Statistic{known, std::nullopt};
  }
  constexpr std::size_t kDecimalsMax = 10;
  if (!name.starts_with('p')) return std::nullopt;
  const std::size_t dot = name.find('.');
  if (dot != std::string_view::npos && name.size() - dot - 1 > kDecimalsMax) return std::nullopt;
  double percent = 0;
  auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), percent,
                                      std::chars_format::fixed);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  if (std::signbit(percent) || !(percent <= 100)) return std::nullopt;
  return Statistic{std::string(name), percent};
}

void Bucket::add(const Datum& datum) {
  Summary summary = summary_of(datum);
  summary_.add(summary);
  if (!datum.summary) {
    for (const auto& [value, count] : datum.values) counts_[value] += count;
  } else if (summary.minimum == summary.maximum) {
    counts_[summary.minimum] += summary.count;
  } else {
    exact_ = false;
  }
}

std::optional<double> Bucket::value(const Statistic& statistic) const {
  if (statistic.percentile) return percentile(*statistic.percentile);
  if (statistic.name == "SampleCount") return summary_.count;
  if (statistic.name == "Sum") return summary_.sum;
  if (statistic.name == "Minimum") return summary_.minimum;
  if (statistic.name == "Maximum") return summary_.maximum;
  return summary_.sum / summary_.count;
}

/// Between the two samples beside the rank, in proportion.
std::optional<double> Bucket::percentile(double percent) const {
  if (!exact_ || counts_.empty()) return std::nullopt;
  const double rank = percent / 100 * std::max(summary_.count - 1, 0.0);
  auto sample = [&](double at) {
    double passed = 0;
    for (const auto& [value, count] : counts_) {
      passed += count;
      if (at < passed) return value;
    }
    return counts_.rbegin()->first;
  };
  const double low = sample(std::floor(rank));
  const double high = sample(std::ceil(rank));
  return low + (high - low) * (rank - std::floor(rank));
}

void Periods::add(const Datum& datum) {
  if (datum.at < start_) return;
  const int64_t index = (datum.at - start_) / length_;
  buckets_[{start_ + index * length_, datum.unit}].add(datum);
}

Time round_start(Time start, Duration period, Time now) {
  if (now - start > kFiveMinutesKept) return floor_to(start, hours(1));
  if (now - start > kMinutesKept) return floor_to(start, minutes(5));
  return floor_to(start, period < Duration(minutes(1)) ? period : Duration(minutes(1)));
}

bool is_period(int64_t seconds) {
  if (seconds == 1 || seconds == 5 || seconds == 10 || seconds == 20 || seconds == 30) return true;
  return seconds > 0 && seconds % 60 == 0;
}

}  // namespace trainyard::monitoring
