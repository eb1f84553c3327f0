#include <fmt/format.h>

#include "generated/logs/errors.hpp"
#include "generated/logs/operations.hpp"
#include "services/logs/rows.hpp"
#include "services/paging.hpp"
#include "store/segments.hpp"

namespace trainyard::logs {
namespace {

constexpr int kDescribeMax = 50;

struct Listed {
  StreamRow row;
  std::optional<Segments::Record> first, last;

  int64_t last_time() const { return last ? last->timestamp : 0; }
};

/// The stream with its first and last event.
Listed look_at(const Segments& segments, StreamRow row) {
  Listed listed{std::move(row), {}, {}};
  std::string segment = segment_of(listed.row.id);
  auto keep = [](std::optional<Segments::Record>& to) {
    return [&to](const Segments::Record& record) {
      to = record;
      return false;
    };
  };
  segments.scan(segment, 0, false, keep(listed.first));
  segments.scan(segment, segments.count(segment) - 1, true, keep(listed.last));
  return listed;
}

LogStream shown(const Listed& listed, const std::string& arn_prefix) {
  LogStream stream;
  stream.log_stream_name = listed.row.name;
  stream.creation_time = listed.row.created;
  stream.arn = arn_prefix + listed.row.name;
  stream.stored_bytes = 0;  // AWS's answer since 2019
  if (listed.first) stream.first_event_timestamp = listed.first->timestamp;
  if (listed.last) {
    stream.last_event_timestamp = listed.last->timestamp;
    stream.last_ingestion_time = listed.last->ingested;
  }
  stream.upload_sequence_token =
      fmt::format("{:056d}", listed.last ? listed.last->position + 1 : 0);
  return stream;
}

std::vector<StreamRow> rows_of(Txn& txn, const std::string& group, const std::string& prefix) {
  std::vector<StreamRow> rows;
  txn.each("SELECT id, name, created FROM logs_streams WHERE group_name = ? AND name >= ? "
           "AND name < ? ORDER BY name",
           [&](const Row& row) {
             rows.push_back({row.integer(0), row.text(1), row.integer(2)});
           },
           group, prefix, behind_prefix(prefix));
  return rows;
}

/// By (last event, name): a page begins behind the token's pair.
std::string time_key(const Listed& listed) {
  return fmt::format("{:020d}{}", listed.last_time(), listed.row.name);
}

}  // namespace

DescribeLogStreamsOutput describe_log_streams(Call& call, const DescribeLogStreamsInput& input) {
  std::string group = group_name(input.log_group_name, input.log_group_identifier);
  require_group(call.txn, group);
  bool by_time = input.order_by == "LastEventTime";
  std::string prefix = input.log_stream_name_prefix.value_or("");
  if (by_time && !prefix.empty()) {
    throw errors::invalid_parameter_exception(
        "Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  bool descending = input.descending.value_or(false);
  std::string listing = fmt::format("logs:DescribeLogStreams:{}:{}:{}:{}", group, prefix, by_time,
                                    descending);
  std::string after;
  if (input.next_token) {
    auto position = read_page_token(listing, *input.next_token);
    if (!position) throw wrong_token();
    after = *position;
  }
  std::vector<std::pair<std::string, Listed>> found;  // by what it is ordered by
  for (StreamRow& row : rows_of(call.txn, group, prefix)) {
    Listed listed{std::move(row), {}, {}};
    if (by_time) listed = look_at(call.segments, std::move(listed.row));
    std::string key = by_time ? time_key(listed) : listed.row.name;
    if (!after.empty() && (descending ? key >= after : key <= after)) continue;
    found.emplace_back(std::move(key), std::move(listed));
  }
  std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
    return descending ? a.first > b.first : a.first < b.first;
  });
  auto limit = static_cast<std::size_t>(input.limit.value_or(kDescribeMax));
  DescribeLogStreamsOutput output;
  // Some clients ask for ever when a token comes with the last page.
  if (found.size() > limit) {
    output.next_token = make_page_token(listing, found[limit - 1].first);
    found.resize(limit);
  }
  std::string arn_prefix = group_arn(call.site, group) + ":log-stream:";
  output.log_streams.emplace();
  for (auto& [key, listed] : found) {
    if (!by_time) listed = look_at(call.segments, std::move(listed.row));
    output.log_streams->push_back(shown(listed, arn_prefix));
  }
  return output;
}

}  // namespace trainyard::logs
