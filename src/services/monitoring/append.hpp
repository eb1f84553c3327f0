// What the server brings in: from agents, and of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/fwd.hpp>

#include "base/clock.hpp"

namespace trainyard {

class Segments;
class Store;

namespace monitoring {

/// Whose metrics they are, and the segment that has their data.
struct Source {
  std::string name_space;
  std::vector<std::pair<std::string, std::string>> dimensions;  // name, value
  std::string segment;
  /// Of a writer that numbers its values, the first one's number: what comes twice changes nothing.
  std::optional<int64_t> first = {};
};

/// What was measured of one metric at a time: values, and how often each occurred.
struct Point {
  std::string metric;
  std::string unit;  // CloudWatch's StandardUnit
  Time at;
  std::vector<std::pair<double, double>> values;
};

void append_points(Store& store, Segments& segments, Time now, const Source& source,
                   const std::vector<Point>& points);

/// Values of an agent: [{"name", "value", "timestamp": ms}]. ApiError InvalidParameterValue for a
/// malformed report.
void append_from_agent(Store& store, Segments& segments, Time now, const Source& source,
                       const boost::json::array& values, std::string_view unit = "None");

}  // namespace monitoring
}  // namespace trainyard
