// What was reported of metrics: stored, and found again.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "generated/monitoring/types.hpp"
#include "services/call.hpp"
#include "services/monitoring/statistics.hpp"

namespace trainyard::monitoring {

struct MetricKey {
  std::string name_space, name;
  std::string dimensions;  // dimensions_key
};

/// Dimensions in an order of their own, as a JSON list of [name, value].
std::string dimensions_key(const std::vector<Dimension>& dimensions);
std::vector<Dimension> dimensions_of(std::string_view key);

struct Report {
  MetricKey metric;
  Datum datum;
};

/// Appends reports to a segment and makes their metrics known. Durable when it returns. With
/// `first` the writer numbers its reports from there on, and repeats change nothing.
void store_reports(Store& store, Segments& segments, Time now, const std::string& segment,
                   std::optional<int64_t> first, const std::vector<Report>& reports);

/// Visits what was reported of the metric in [from, to), in no order. `left` is how many records a
/// request may still look through, those of other metrics in the same segments included: ApiError
/// ValidationError when they are used up.
void each_datum(Call& call, const MetricKey& metric, Time from, Time to, int64_t& left,
                const std::function<void(const Datum&)>& visit);

}  // namespace trainyard::monitoring
