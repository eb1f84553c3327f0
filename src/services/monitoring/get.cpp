#include <charconv>

#include <fmt/format.h>

#include "base/hash.hpp"
#include "base/json.hpp"
#include "generated/monitoring/errors.hpp"
#include "generated/monitoring/operations.hpp"
#include "services/monitoring/data.hpp"
#include "services/paging.hpp"
#include "wire/json.hpp"

namespace trainyard::monitoring {
namespace {

constexpr int64_t kStatisticsPointsMax = 1'440;  // of GetMetricStatistics
constexpr int32_t kDataPointsMax = 100'800;      // of a page of GetMetricData
constexpr std::size_t kQueriesMax = 500;
/// That a request may look through, in all its queries together.
constexpr int64_t kRecordsMax = 20'000'000;

void check_range(Time start, Time end) {
  if (start < end) return;
  throw errors::invalid_parameter_value_exception(
      "The parameter StartTime must be less than the parameter EndTime.");
}

void check_period(int64_t period) {
  if (is_period(period)) return;
  throw errors::invalid_parameter_value_exception(
      "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.");
}

std::string with_commas(int64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

Statistic required_statistic(const std::string& name) {
  if (auto statistic = parse_statistic(name)) return *statistic;
  throw errors::invalid_parameter_value_exception(
      "The value " + name + " is no statistic that is supported: SampleCount, Average, Sum, "
      "Minimum, Maximum and percentiles from p0 to p100 are.");
}

/// The statistics that are asked for, of one of the two kinds.
std::vector<Statistic> statistics_of(const GetMetricStatisticsInput& input) {
  if (input.statistics.has_value() == input.extended_statistics.has_value()) {
    throw errors::invalid_parameter_combination_exception(
        input.statistics ? "The parameters Statistics and ExtendedStatistics are mutually "
                           "exclusive and you have specified both."
                         : "At least one of the parameters Statistics and ExtendedStatistics must "
                           "be specified.");
  }
  std::vector<Statistic> statistics;
  for (const std::string& name : input.statistics ? *input.statistics
                                                  : *input.extended_statistics) {
    Statistic statistic = required_statistic(name);
    if (input.extended_statistics && !statistic.percentile) {
      throw errors::invalid_parameter_value_exception(
          "The value " + name + " for parameter ExtendedStatistics is invalid.");
    }
    statistics.push_back(std::move(statistic));
  }
  return statistics;
}

struct Asked {
  MetricKey metric;
  Time start, end;
  Duration period;
  std::optional<std::string> unit;
};

Periods collect(Call& call, const Asked& asked, int64_t& records_left) {
  Periods periods(asked.start, asked.period);
  each_datum(call, asked.metric, asked.start, asked.end, records_left, [&](const Datum& datum) {
    if (!asked.unit || *asked.unit == datum.unit) periods.add(datum);
  });
  return periods;
}

void set_statistic(Datapoint& point, const Statistic& statistic, const Bucket& bucket) {
  auto value = bucket.value(statistic);
  if (!value) return;
  if (statistic.percentile) {
    if (!point.extended_statistics) point.extended_statistics.emplace();
    (*point.extended_statistics)[statistic.name] = *value;
  } else if (statistic.name == "SampleCount") {
    point.sample_count = value;
  } else if (statistic.name == "Average") {
    point.average = value;
  } else if (statistic.name == "Sum") {
    point.sum = value;
  } else if (statistic.name == "Minimum") {
    point.minimum = value;
  } else {
    point.maximum = value;
  }
}

/// One query's line of points.
struct Series {
  const MetricDataQuery* query = nullptr;
  std::vector<std::pair<Time, double>> points;
};

Series series_of(Call& call, const GetMetricDataInput& input, const MetricDataQuery& query,
                 int64_t& records_left) {
  if (query.expression || !query.metric_stat) {
    throw ApiError("ValidationError", 400,
                   "The query " + query.id + " must have a MetricStat; expressions are not "
                   "supported.");
  }
  const MetricStat& stat = *query.metric_stat;
  if (!stat.metric.namespace_ || !stat.metric.metric_name) {
    throw errors::missing_required_parameter_exception(
        "The metric of the query " + query.id + " needs a Namespace and a MetricName.");
  }
  check_period(stat.period);
  const Statistic statistic = required_statistic(stat.stat);
  const Duration period = std::chrono::seconds(stat.period);
  Asked asked{{*stat.metric.namespace_, *stat.metric.metric_name,
               dimensions_key(stat.metric.dimensions.value_or(std::vector<Dimension>{}))},
              round_start(input.start_time, period, call.now), input.end_time, period, stat.unit};
  Series series{&query, {}};
  // Without a unit, what was reported with several is one line: its first unit's.
  std::optional<std::string> unit;
  const Periods periods = collect(call, asked, records_left);
  for (const auto& [key, bucket] : periods.buckets()) {
    if (!unit) unit = key.second;
    if (key.second != *unit) continue;
    if (auto value = bucket.value(statistic)) series.points.emplace_back(key.first, *value);
  }
  if (input.scan_by != "TimestampAscending") {
    std::reverse(series.points.begin(), series.points.end());
  }
  return series;
}

std::size_t page_start(const GetMetricDataInput& input, const std::string& listing) {
  if (!input.next_token) return 0;
  std::size_t start = 0;
  auto position = read_page_token(listing, *input.next_token);
  if (position) {
    auto [end, error] = std::from_chars(position->data(), position->data() + position->size(),
                                        start);
    if (error == std::errc() && end == position->data() + position->size()) return start;
  }
  throw errors::invalid_next_token("The specified NextToken is invalid.");
}

/// A query's part of the page [start, end) of all points; nullopt when it has none in it. A query
/// without any point stands on the first page.
std::optional<MetricDataResult> part_of(const Series& series, std::size_t before, std::size_t start,
                                        std::size_t end) {
  const std::size_t behind = before + series.points.size();
  const std::size_t first = std::max(start, before), last = std::min(end, behind);
  if (first >= last && !(series.points.empty() && start == 0)) return std::nullopt;
  MetricDataResult result;
  result.id = series.query->id;
  result.label = series.query->label.value_or(
      series.query->metric_stat->metric.metric_name.value_or(""));
  result.status_code = last < behind && first < last ? "PartialData" : "Complete";
  result.timestamps.emplace();
  result.values.emplace();
  for (std::size_t i = first; i < last; ++i) {
    result.timestamps->push_back(series.points[i - before].first);
    result.values->push_back(series.points[i - before].second);
  }
  return result;
}

}  // namespace

GetMetricStatisticsOutput get_metric_statistics(Call& call, const GetMetricStatisticsInput& input) {
  check_range(input.start_time, input.end_time);
  check_period(input.period);
  const std::vector<Statistic> statistics = statistics_of(input);
  const Duration period = std::chrono::seconds(input.period);
  Asked asked{{input.namespace_, input.metric_name,
               dimensions_key(input.dimensions.value_or(std::vector<Dimension>{}))},
              round_start(input.start_time, period, call.now), input.end_time, period, input.unit};
  const int64_t points = (input.end_time - input.start_time) / period;
  if (points > kStatisticsPointsMax) {
    throw errors::invalid_parameter_combination_exception(fmt::format(
        "You have requested up to {} datapoints, which exceeds the limit of {}. You may reduce the "
        "datapoints requested by increasing Period, or decreasing the time range.",
        with_commas(points), with_commas(kStatisticsPointsMax)));
  }
  GetMetricStatisticsOutput output;
  output.label = input.metric_name;
  output.datapoints.emplace();
  int64_t records_left = kRecordsMax;
  const Periods periods = collect(call, asked, records_left);
  for (const auto& [key, bucket] : periods.buckets()) {
    Datapoint& point = output.datapoints->emplace_back();
    point.timestamp = key.first;
    point.unit = key.second;
    for (const Statistic& statistic : statistics) set_statistic(point, statistic, bucket);
  }
  return output;
}

GetMetricDataOutput get_metric_data(Call& call, const GetMetricDataInput& input) {
  check_range(input.start_time, input.end_time);
  if (input.metric_data_queries.size() > kQueriesMax) {
    throw ApiError("ValidationError", 400,
                   fmt::format("A request has at most {} queries.", kQueriesMax));
  }
  const int32_t limit = input.max_datapoints.value_or(kDataPointsMax);
  if (limit < 1 || limit > kDataPointsMax) {
    throw errors::invalid_parameter_value_exception(
        fmt::format("The parameter MaxDatapoints must be from 1 to {}.", kDataPointsMax));
  }
  GetMetricDataInput same = input;
  same.next_token.reset();
  const std::string listing = "monitoring:GetMetricData:" + sha256_hex(dump(wire::to_json(same)));
  const std::size_t start = page_start(input, listing);
  const std::size_t end = start + static_cast<std::size_t>(limit);
  GetMetricDataOutput output;
  output.metric_data_results.emplace();
  std::size_t before = 0;
  int64_t records_left = kRecordsMax;
  for (const MetricDataQuery& query : input.metric_data_queries) {
    if (!query.return_data.value_or(true)) continue;
    if (start > 0 && before > end) break;  // the first page alone tells of every query
    Series series = series_of(call, input, query, records_left);
    if (auto part = part_of(series, before, start, end)) {
      output.metric_data_results->push_back(std::move(*part));
    }
    before += series.points.size();
  }
  if (before > end) output.next_token = make_page_token(listing, std::to_string(end));
  return output;
}

}  // namespace trainyard::monitoring
