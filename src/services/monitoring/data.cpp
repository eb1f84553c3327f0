#include "services/monitoring/data.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/json.hpp"
#include "store/segments.hpp"
#include "store/store.hpp"

// A record is the metric's id, a space and a JSON object: {"u": unit, "v": [value, count, …]}, or
// {"u": unit, "s": [count, sum, minimum, maximum]}.
namespace trainyard::monitoring {
namespace {

/// How exactly a metric's last activity is known: what is written seldom costs nothing.
constexpr std::chrono::minutes kActiveGrain{10};

std::string encode(int64_t metric, const Datum& datum) {
  json::array numbers;
  if (datum.summary) {
    numbers = {datum.summary->count, datum.summary->sum, datum.summary->minimum,
               datum.summary->maximum};
  } else {
    for (const auto& [value, count] : datum.values) {
      numbers.push_back(value);
      numbers.push_back(count);
    }
  }
  json::object object{{"u", datum.unit}, {datum.summary ? "s" : "v", std::move(numbers)}};
  return std::to_string(metric) + " " + dump(object);
}

Datum decode(int64_t timestamp, std::string_view text) {
  const json::value parsed = parse_own_json(text);
  const json::object& object = parsed.as_object();
  Datum datum;
  datum.at = from_millis(timestamp);
  datum.unit = find_string(object, "u").value_or("None");
  auto number = [](const json::array& array, std::size_t i) {
    return array.at(i).to_number<double>();
  };
  if (const json::array* set = find_array(object, "s")) {
    datum.summary = Summary{number(*set, 0), number(*set, 1), number(*set, 2), number(*set, 3)};
  } else if (const json::array* values = find_array(object, "v")) {
    for (std::size_t i = 0; i + 1 < values->size(); i += 2) {
      datum.values.emplace_back(number(*values, i), number(*values, i + 1));
    }
  }
  return datum;
}

struct Known {
  int64_t id = 0;
  Time active;
};

std::optional<Known> find_metric(Txn& txn, const MetricKey& metric) {
  return txn.one(
      "SELECT id, active FROM monitoring_metrics "
      "WHERE namespace = ? AND name = ? AND dimensions = ?",
      [](const Row& row) { return Known{row.integer(0), row.time(1)}; }, metric.name_space,
      metric.name, metric.dimensions);
}

/// The id of a metric that needs no writing: known, of late, and at home in the segment.
std::optional<int64_t> settled(Txn& txn, const MetricKey& metric, const std::string& segment,
                               Time now) {
  auto known = find_metric(txn, metric);
  if (!known || now - known->active > kActiveGrain) return std::nullopt;
  bool placed = txn.exists("SELECT 1 FROM monitoring_places WHERE metric = ? AND segment = ?",
                           known->id, segment);
  return placed ? std::optional(known->id) : std::nullopt;
}

int64_t settle(Txn& txn, const MetricKey& metric, const std::string& segment, Time now) {
  txn.exec("INSERT INTO monitoring_metrics (namespace, name, dimensions, active) "
           "VALUES (?, ?, ?, ?) ON CONFLICT (namespace, name, dimensions) "
           "DO UPDATE SET active = excluded.active",
           metric.name_space, metric.name, metric.dimensions, now);
  int64_t id = find_metric(txn, metric).value().id;
  txn.exec("INSERT INTO monitoring_places (metric, segment) VALUES (?, ?) "
           "ON CONFLICT (metric, segment) DO NOTHING",
           id, segment);
  return id;
}

using Ids = std::vector<int64_t>;

Ids ids_of(Store& store, Time now, const std::string& segment, const std::vector<Report>& reports) {
  auto known = store.read([&](Txn& txn) -> std::optional<Ids> {
    Ids ids;
    for (const Report& report : reports) {
      auto id = settled(txn, report.metric, segment, now);
      if (!id) return std::nullopt;
      ids.push_back(*id);
    }
    return ids;
  });
  if (known) return *known;
  return store.write([&](Txn& txn) {
    Ids ids;
    for (const Report& report : reports) ids.push_back(settle(txn, report.metric, segment, now));
    return ids;
  });
}

}  // namespace

std::string dimensions_key(const std::vector<Dimension>& dimensions) {
  std::vector<std::pair<std::string, std::string>> sorted;
  for (const Dimension& one : dimensions) sorted.emplace_back(one.name, one.value);
  std::sort(sorted.begin(), sorted.end());
  json::array array;
  for (const auto& [name, value] : sorted) array.push_back(json::array{name, value});
  return dump(json::value(std::move(array)));
}

std::vector<Dimension> dimensions_of(std::string_view key) {
  std::vector<Dimension> dimensions;
  const json::value parsed = parse_own_json(key);
  for (const json::value& pair : parsed.as_array()) {
    Dimension& dimension = dimensions.emplace_back();
    dimension.name = to_std(pair.as_array().at(0).as_string());
    dimension.value = to_std(pair.as_array().at(1).as_string());
  }
  return dimensions;
}

void store_reports(Store& store, Segments& segments, Time now, const std::string& segment,
                   std::optional<int64_t> first, const std::vector<Report>& reports) {
  if (reports.empty()) return;
  Ids ids = ids_of(store, now, segment, reports);
  std::vector<Segments::Record> records;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    records.push_back({0, to_millis(reports[i].datum.at), to_millis(now),
                       encode(ids[i], reports[i].datum)});
  }
  if (first) {
    segments.append_from(segment, *first, std::move(records));
  } else {
    segments.append(segment, records);
  }
}

void each_datum(Call& call, const MetricKey& metric, Time from, Time to, int64_t& left,
                const std::function<void(const Datum&)>& visit) {
  auto known = find_metric(call.txn, metric);
  if (!known) return;
  std::vector<std::string> places;
  call.txn.each("SELECT segment FROM monitoring_places WHERE metric = ? ORDER BY segment",
                [&](const Row& row) { places.push_back(row.text(0)); }, known->id);
  const int64_t low = to_millis(from), high = to_millis(to);
  const std::string own = std::to_string(known->id) + " ";
  auto wanted = [&](int64_t earliest, int64_t latest) { return latest >= low && earliest < high; };
  for (const std::string& segment : places) {
    call.segments.scan_times(segment, false, wanted, [&](const Segments::Record& record) {
      if (--left < 0) {
        throw ApiError("ValidationError", 400,
                       "Too many data lie in that time: ask for fewer metrics or a shorter time.");
      }
      if (record.timestamp >= low && record.timestamp < high && record.text.starts_with(own)) {
        visit(decode(record.timestamp, std::string_view(record.text).substr(own.size())));
      }
      return true;
    });
  }
}

}  // namespace trainyard::monitoring
