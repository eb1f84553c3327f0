#include <cmath>
#include <set>

#include <fmt/format.h>

#include "base/json.hpp"
#include "generated/monitoring/errors.hpp"
#include "generated/monitoring/operations.hpp"
#include "services/monitoring/append.hpp"
#include "services/monitoring/data.hpp"

namespace trainyard::monitoring {
namespace {

// Amazon CloudWatch API Reference, "PutMetricData" and "MetricDatum".
constexpr std::size_t kDataMax = 1'000;
constexpr std::size_t kValuesMax = 150;
constexpr std::chrono::days kTooOld{14};
constexpr std::chrono::hours kTooNew{2};
const double kValueMax = std::ldexp(1.0, 360);

constexpr int64_t kFirstMax = int64_t{1} << 53;

ApiError wrong_value(const std::string& parameter, std::string_view what) {
  return errors::invalid_parameter_value_exception("The parameter " + parameter + " " +
                                                   std::string(what));
}

void check_value(const std::string& parameter, double value) {
  if (std::isfinite(value) && std::abs(value) <= kValueMax) return;
  throw wrong_value(parameter, "must be a number from -2^360 to 2^360.");
}

void check_count(const std::string& parameter, double count) {
  if (std::isfinite(count) && count > 0 && count <= kValueMax) return;
  throw wrong_value(parameter, "must be a number greater than 0.");
}

void check_time(const std::string& parameter, Time at, Time now) {
  if (at < now - kTooOld) {
    throw wrong_value(parameter, "must specify a time within the past two weeks.");
  }
  if (at > now + kTooNew) {
    throw wrong_value(parameter, "must specify a time no more than two hours in the future.");
  }
}

Summary read_set(const std::string& at, const StatisticSet& set) {
  check_count(at + "SampleCount", set.sample_count);
  check_value(at + "Sum", set.sum);
  check_value(at + "Minimum", set.minimum);
  check_value(at + "Maximum", set.maximum);
  if (set.minimum > set.maximum) {
    throw wrong_value(at + "Minimum", "must not be greater than Maximum.");
  }
  return {set.sample_count, set.sum, set.minimum, set.maximum};
}

std::vector<std::pair<double, double>> read_values(const std::string& at,
                                                   const MetricDatum& input) {
  const std::vector<double>& values = *input.values;
  if (values.size() > kValuesMax) {
    throw wrong_value(at + "Values", fmt::format("must have at most {} members.", kValuesMax));
  }
  if (input.counts && input.counts->size() != values.size()) {
    throw errors::invalid_parameter_combination_exception(
        "The parameters " + at + "Values and " + at + "Counts must be of the same size.");
  }
  std::vector<std::pair<double, double>> read;
  for (std::size_t i = 0; i < values.size(); ++i) {
    double count = input.counts ? (*input.counts)[i] : 1;
    std::string member = ".member." + std::to_string(i + 1);
    check_value(at + "Values" + member, values[i]);
    check_count(at + "Counts" + member, count);
    read.emplace_back(values[i], count);
  }
  return read;
}

/// Exactly one of Value, Values and StatisticValues says what was measured.
Datum read_datum(const std::string& at, const MetricDatum& input, Time now) {
  const bool values = input.values && !input.values->empty();
  const int said = int{input.value.has_value()} + int{input.statistic_values.has_value()} +
                   int{values};
  if (said > 1) {
    throw errors::invalid_parameter_combination_exception(
        "The parameters " + at + "Value, " + at + "Values and " + at +
        "StatisticValues are mutually exclusive and you have specified more than one.");
  }
  if (said == 0) {
    throw errors::missing_required_parameter_exception(
        "At least one of the parameters " + at + "Value, " + at + "Values and " + at +
        "StatisticValues must be specified.");
  }
  Datum datum;
  datum.at = input.timestamp.value_or(now);
  datum.unit = input.unit.value_or("None");
  check_time(at + "Timestamp", datum.at, now);
  if (input.statistic_values) {
    datum.summary = read_set(at + "StatisticValues.", *input.statistic_values);
  } else if (values) {
    datum.values = read_values(at, input);
  } else {
    check_value(at + "Value", *input.value);
    datum.values = {{*input.value, 1}};
  }
  const int resolution = input.storage_resolution.value_or(60);
  if (resolution != 1 && resolution != 60) {
    throw wrong_value(at + "StorageResolution", "must be 1 or 60.");
  }
  return datum;
}

void check_dimensions(const std::string& at, const std::vector<Dimension>& dimensions) {
  std::set<std::string> names;
  for (const Dimension& dimension : dimensions) {
    if (names.insert(dimension.name).second) continue;
    throw wrong_value(at + "Dimensions",
                      "has more than one dimension named " + dimension.name + ".");
  }
}

std::string required(const json::object& value, std::string_view name) {
  if (auto text = find_string(value, name)) return *text;
  throw errors::invalid_parameter_value_exception("a value lacks its " + std::string(name));
}

}  // namespace

/// Outside of transactions: the segment's append is durable by itself, and the only fsync once the
/// metrics are known. One segment a namespace, so that a request costs one append.
PutMetricDataOutput put_metric_data(StreamCall& call, const PutMetricDataInput& input) {
  if (input.entity_metric_data && !input.entity_metric_data->empty()) {
    throw wrong_value("EntityMetricData", "is not supported.");
  }
  if (!input.metric_data || input.metric_data->empty()) {
    throw errors::missing_required_parameter_exception("The parameter MetricData is required.");
  }
  if (input.namespace_.starts_with("AWS/")) {
    throw errors::invalid_parameter_value_exception("The value " + input.namespace_ +
                                                    " for parameter Namespace is invalid.");
  }
  if (input.metric_data->size() > kDataMax) {
    throw wrong_value("MetricData", fmt::format("must not have a size greater than {}.", kDataMax));
  }
  const Time now = call.clock.now();
  std::vector<Report> reports;
  for (const MetricDatum& datum : *input.metric_data) {
    std::string at = fmt::format("MetricData.member.{}.", reports.size() + 1);
    std::vector<Dimension> dimensions = datum.dimensions.value_or(std::vector<Dimension>{});
    check_dimensions(at, dimensions);
    reports.push_back({{input.namespace_, datum.metric_name, dimensions_key(dimensions)},
                       read_datum(at, datum, now)});
  }
  store_reports(call.store, call.segments, now, "metrics/namespace/" + input.namespace_,
                std::nullopt, reports);
  return {};
}

void append_points(Store& store, Segments& segments, Time now, const Source& source,
                   const std::vector<Point>& points) {
  std::vector<Dimension> dimensions;
  for (const auto& [name, value] : source.dimensions) {
    Dimension& dimension = dimensions.emplace_back();
    dimension.name = name;
    dimension.value = value;
  }
  const std::string key = dimensions_key(dimensions);
  std::vector<Report> reports;
  for (const Point& point : points) {
    Report& report = reports.emplace_back();
    report.metric = {source.name_space, point.metric, key};
    report.datum.at = point.at;
    report.datum.unit = point.unit;
    report.datum.values = point.values;
  }
  store_reports(store, segments, now, source.segment, source.first, reports);
}

void append_from_agent(Store& store, Segments& segments, Time now, const Source& source,
                       const json::array& values, std::string_view unit) {
  if (source.first && (*source.first < 0 || *source.first > kFirstMax)) {
    throw errors::invalid_parameter_value_exception("the report begins at no value that can be");
  }
  std::vector<Point> points;
  for (const json::value& one : values) {
    if (!one.is_object()) throw errors::invalid_parameter_value_exception("a value is no object");
    const json::object& object = one.get_object();
    const json::value* number = find(object, "value");
    if (number == nullptr || !number->is_number()) {
      throw errors::invalid_parameter_value_exception("a value is no number");
    }
    const Time at = from_millis(find_integer(object, "timestamp").value_or(to_millis(now)));
    points.push_back({required(object, "name"), std::string(unit), std::min(at, now),
                      {{number->to_number<double>(), 1}}});
  }
  append_points(store, segments, now, source, points);
}

}  // namespace trainyard::monitoring
