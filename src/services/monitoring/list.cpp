#include <algorithm>

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

constexpr std::size_t kPage = 500;
constexpr int64_t kRowsRead = 1'000;  // at a time, while a filter looks for its page
// Metrics without data for two weeks are not listed; RecentlyActive may show some of the 50 minutes
// before its three hours (ListMetrics).
constexpr std::chrono::days kListed{14};
constexpr std::chrono::minutes kRecent{3 * 60 + 50};

bool fits(const std::vector<Dimension>& dimensions, const std::vector<DimensionFilter>& filters) {
  return std::all_of(filters.begin(), filters.end(), [&](const DimensionFilter& filter) {
    return std::any_of(dimensions.begin(), dimensions.end(), [&](const Dimension& dimension) {
      return dimension.name == filter.name && (!filter.value || dimension.value == *filter.value);
    });
  });
}

/// A token's position is the key of the last metric that was shown.
std::string position_of(const MetricKey& metric) {
  return dump(json::value(json::array{metric.name_space, metric.name, metric.dimensions}));
}

MetricKey position_in(const ListMetricsInput& input, const std::string& listing) {
  if (!input.next_token) return {};
  auto position = read_page_token(listing, *input.next_token);
  auto parsed = position ? parse_json(*position) : std::nullopt;
  const json::array* parts = parsed ? parsed->if_array() : nullptr;
  auto is_text = [](const json::value& part) { return part.is_string(); };
  if (parts == nullptr || parts->size() != 3 ||
      !std::all_of(parts->begin(), parts->end(), is_text)) {
    throw errors::invalid_parameter_value_exception("The specified NextToken is invalid.");
  }
  return {to_std((*parts)[0].get_string()), to_std((*parts)[1].get_string()),
          to_std((*parts)[2].get_string())};
}

std::vector<MetricKey> rows_behind(Call& call, const ListMetricsInput& input,
                                   const MetricKey& position) {
  Time since = call.now - (input.recently_active ? Duration(kRecent) : Duration(kListed));
  std::vector<MetricKey> rows;
  call.txn.each(
      "SELECT namespace, name, dimensions FROM monitoring_metrics "
      "WHERE (namespace, name, dimensions) > (?, ?, ?) AND active >= ? "
      "AND namespace = COALESCE(?, namespace) AND name = COALESCE(?, name) "
      "ORDER BY namespace, name, dimensions LIMIT ?",
      [&](const Row& row) { rows.push_back({row.text(0), row.text(1), row.text(2)}); },
      position.name_space, position.name, position.dimensions, since, input.namespace_,
      input.metric_name, kRowsRead);
  return rows;
}

}  // namespace

ListMetricsOutput list_metrics(Call& call, const ListMetricsInput& input) {
  ListMetricsInput same = input;
  same.next_token.reset();
  const std::string listing = "monitoring:ListMetrics:" + sha256_hex(dump(wire::to_json(same)));
  MetricKey position = position_in(input, listing);
  const auto filters = input.dimensions.value_or(std::vector<DimensionFilter>{});
  ListMetricsOutput output;
  output.metrics.emplace();
  if (input.owning_account.value_or(call.site.account) != call.site.account) return output;
  MetricKey last;
  for (;;) {
    std::vector<MetricKey> rows = rows_behind(call, input, position);
    for (const MetricKey& row : rows) {
      std::vector<Dimension> dimensions = dimensions_of(row.dimensions);
      if (!fits(dimensions, filters)) continue;
      if (output.metrics->size() == kPage) {
        output.next_token = make_page_token(listing, position_of(last));
        break;
      }
      last = row;
      Metric& metric = output.metrics->emplace_back();
      metric.namespace_ = row.name_space;
      metric.metric_name = row.name;
      metric.dimensions = std::move(dimensions);
    }
    if (output.next_token || std::ssize(rows) < kRowsRead) break;
    position = rows.back();
  }
  if (input.include_linked_accounts.value_or(false)) {
    output.owning_accounts.emplace(output.metrics->size(), call.site.account);
  }
  return output;
}

}  // namespace trainyard::monitoring
