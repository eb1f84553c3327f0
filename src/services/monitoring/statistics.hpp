// Statistics of a metric by period: pure.
#pragma once

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace trainyard::monitoring {

/// Count, sum and bounds of samples (CloudWatch's statistic set).
struct Summary {
  double count = 0, sum = 0;
  double minimum = std::numeric_limits<double>::infinity();
  double maximum = -std::numeric_limits<double>::infinity();

  void add(const Summary& more);
};

/// One report: values with how often each occurred, or only their summary.
struct Datum {
  Time at;
  std::string unit = "None";
  std::vector<std::pair<double, double>> values;  // value, count
  std::optional<Summary> summary;                 // instead of values
};

Summary summary_of(const Datum& datum);

/// "Average" and the like, or "p99" to "p99.9999999999".
struct Statistic {
  std::string name;
  std::optional<double> percentile;  // 0 … 100
};
/// nullopt for what is no statistic of these.
std::optional<Statistic> parse_statistic(std::string_view name);

/// What was reported in one period with one unit.
class Bucket {
 public:
  void add(const Datum& datum);
  const Summary& summary() const { return summary_; }
  /// nullopt for a percentile of what is known by summaries only.
  std::optional<double> value(const Statistic& statistic) const;

 private:
  std::optional<double> percentile(double percent) const;

  Summary summary_;
  std::map<double, double> counts_;  // by value
  bool exact_ = true;                // counts_ has all
};

/// Buckets by the start of their period and unit.
class Periods {
 public:
  /// Periods of `length` follow one another from `start` on.
  Periods(Time start, Duration length) : start_(start), length_(length) {}

  void add(const Datum& datum);
  const std::map<std::pair<Time, std::string>, Bucket>& buckets() const { return buckets_; }

 private:
  Time start_;
  Duration length_;
  std::map<std::pair<Time, std::string>, Bucket> buckets_;
};

/// CloudWatch's rounding of a StartTime, down: to the period where that is below a minute, else to
/// the minute, for what lies more than 15 days back to five, more than 63 days to the hour
/// (GetMetricStatistics, "StartTime").
Time round_start(Time start, Duration period, Time now);

/// Whether a period is 1, 5, 10, 20, 30 or a multiple of 60 seconds.
bool is_period(int64_t seconds);

}  // namespace trainyard::monitoring
