#include "services/logs/append.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "generated/logs/errors.hpp"
#include "generated/logs/operations.hpp"
#include "services/logs/rows.hpp"
#include "store/segments.hpp"
#include "store/store.hpp"

namespace trainyard::logs {
namespace {

constexpr std::size_t kBatchBytesMax = 1'048'576;
constexpr int64_t kBatchSpanMax = 24LL * 3600 * 1000;      // ms
constexpr int64_t kTooNew = 2LL * 3600 * 1000;             // ms ahead of now
constexpr int64_t kFirstMax = int64_t{1} << 53;            // no stream has so many events
constexpr int64_t kTooOld = 14LL * 24 * 3600 * 1000;       // ms behind now

/// A stream that is deleted while it is written to leaves no file behind.
void drop_if_deleted(Store& store, Segments& segments, int64_t stream_id) {
  bool there = store.read([&](Txn& txn) {
    return txn.exists("SELECT 1 FROM logs_streams WHERE id = ?", stream_id);
  });
  if (!there) segments.remove(segment_of(stream_id));
}

void check_batch(const std::vector<InputLogEvent>& events) {
  std::size_t bytes = 0;
  for (const InputLogEvent& event : events) bytes += event.message.size() + kEventOverhead;
  if (bytes > kBatchBytesMax) {
    throw errors::invalid_parameter_exception(fmt::format(
        "Upload too large: {} bytes exceeds limit of {}", bytes, kBatchBytesMax));
  }
  bool ordered = std::is_sorted(events.begin(), events.end(), [](const auto& a, const auto& b) {
    return a.timestamp < b.timestamp;
  });
  if (!ordered) {
    throw errors::invalid_parameter_exception(
        "Log events in a single PutLogEvents request must be in chronological order.");
  }
  if (events.back().timestamp - events.front().timestamp > kBatchSpanMax) {
    throw errors::invalid_parameter_exception(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 "
        "hours.");
  }
}

/// Events [first, last) are taken; what lies outside of the window is told.
struct Window {
  std::size_t first = 0, last = 0;
};
Window accept(const std::vector<InputLogEvent>& events, int64_t now, PutLogEventsOutput& output) {
  auto before = [](const InputLogEvent& event, int64_t time) { return event.timestamp < time; };
  Window window;
  window.first = static_cast<std::size_t>(
      std::lower_bound(events.begin(), events.end(), now - kTooOld, before) - events.begin());
  window.last = static_cast<std::size_t>(
      std::lower_bound(events.begin(), events.end(), now + kTooNew + 1, before) - events.begin());
  if (window.first > 0 || window.last < events.size()) output.rejected_log_events_info.emplace();
  if (window.first > 0) {
    output.rejected_log_events_info->too_old_log_event_end_index =
        static_cast<int32_t>(window.first);
  }
  if (window.last < events.size()) {
    output.rejected_log_events_info->too_new_log_event_start_index =
        static_cast<int32_t>(window.last);
  }
  return window;
}

std::string required_text(const json::object& body, std::string_view name) {
  if (auto text = find_string(body, name)) return *text;
  throw errors::invalid_parameter_exception("the report lacks " + std::string(name));
}

/// Finds the agent's stream, or makes it (and its group).
StreamRow ensure_stream(Store& store, const std::string& group, const std::string& stream,
                        Time now) {
  auto known = store.read([&](Txn& txn) { return find_stream(txn, group, stream); });
  if (known) return *known;
  return store.write([&](Txn& txn) {
    txn.exec("INSERT INTO logs_groups(name, created, class) VALUES (?, ?, 'STANDARD') "
             "ON CONFLICT(name) DO NOTHING",
             group, now);
    txn.exec("INSERT INTO logs_streams(group_name, name, created) VALUES (?, ?, ?) "
             "ON CONFLICT(group_name, name) DO NOTHING",
             group, stream, now);
    return find_stream(txn, group, stream).value();
  });
}

}  // namespace

/// Outside of transactions: the segment's append is durable by itself, and the only fsync.
PutLogEventsOutput put_log_events(StreamCall& call, const PutLogEventsInput& input) {
  check_batch(input.log_events);
  StreamRow stream = call.store.read([&](Txn& txn) {
    return require_stream(txn, input.log_group_name, input.log_stream_name);
  });
  int64_t now = to_millis(call.clock.now());
  PutLogEventsOutput output;
  Window window = accept(input.log_events, now, output);
  std::vector<Segments::Record> records;
  for (std::size_t i = window.first; i < window.last; ++i) {
    records.push_back({0, input.log_events[i].timestamp, now, input.log_events[i].message});
  }
  int64_t position = call.segments.append(segment_of(stream.id), records);
  drop_if_deleted(call.store, call.segments, stream.id);
  // Sequence tokens are neither needed nor looked at any more, but still given.
  output.next_sequence_token = fmt::format("{:056d}", position + std::ssize(records));
  return output;
}

void append_from_agent(Store& store, Segments& segments, Time now, const json::object& body) {
  std::string group = required_text(body, "group");
  std::string name = required_text(body, "stream");
  int64_t first = find_integer(body, "first").value_or(0);
  if (first < 0 || first > kFirstMax) {
    throw errors::invalid_parameter_exception("the report begins at no event that can be");
  }
  const json::array* events = find_array(body, "events");
  if (events == nullptr) throw errors::invalid_parameter_exception("the report lacks events");
  std::vector<Segments::Record> records;
  for (const json::value& event : *events) {
    if (!event.is_object()) throw errors::invalid_parameter_exception("an event is no object");
    const json::object& object = event.get_object();
    records.push_back({0, find_integer(object, "timestamp").value_or(to_millis(now)),
                       to_millis(now), required_text(object, "message")});
  }
  StreamRow stream = ensure_stream(store, group, name, now);
  segments.append_from(segment_of(stream.id), first, std::move(records));
  drop_if_deleted(store, segments, stream.id);
}

}  // namespace trainyard::logs
