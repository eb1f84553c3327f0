#include <charconv>
#include <map>

#include <fmt/format.h>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "generated/logs/errors.hpp"
#include "generated/logs/operations.hpp"
#include "services/logs/pattern.hpp"
#include "services/logs/rows.hpp"
#include "services/paging.hpp"
#include "store/segments.hpp"

// Events of many streams come in the order of (timestamp, stream, position). A page keeps the first
// of that order which lie behind the token, so that it is right however the streams are written,
// with memory for one page; what cannot come onto it by its time is not read.
namespace trainyard::logs {
namespace {

/// Newest-first listings begin here at the earliest ("FilterLogEvents", startFromHead).
constexpr int64_t kDescendingStartMin = 1'704'067'200'000;  // 2024-01-01, ms

struct Place {
  int64_t timestamp = 0, stream = 0, position = 0;
  auto operator<=>(const Place&) const = default;
};

struct Found {
  const StreamRow* stream = nullptr;
  Segments::Record record;
};

class Page {
 public:
  Page(std::size_t limit, bool descending)
      : limit_(limit), descending_(descending), kept_(Before{descending}) {}

  void offer(const Place& place, const StreamRow& stream, const Segments::Record& record) {
    const auto before = kept_.key_comp();
    if (after_ && !before(*after_, place)) return;
    if (cut_ && !before(place, *cut_)) return;
    bytes_ += record.text.size() + kEventOverhead;
    kept_.emplace(place, Found{&stream, record});
    while (kept_.size() > limit_ || (bytes_ > kPageBytesMax && kept_.size() > 1)) {
      auto last = std::prev(kept_.end());
      cut_ = last->first;
      bytes_ -= last->second.record.text.size() + kEventOverhead;
      kept_.erase(last);
    }
  }
  void begin_after(const Place& place) { after_ = place; }

  /// Whether records with times from `earliest` to `latest` may yet come onto the page.
  bool wants(int64_t earliest, int64_t latest) const {
    const int64_t foremost = descending_ ? latest : earliest;
    const int64_t hindmost = descending_ ? earliest : latest;
    auto before = [this](int64_t a, int64_t b) { return descending_ ? b < a : a < b; };
    if (after_ && before(hindmost, after_->timestamp)) return false;
    return !cut_ || !before(cut_->timestamp, foremost);
  }

  const auto& kept() const { return kept_; }
  bool more() const { return cut_.has_value(); }
  bool descending() const { return descending_; }

 private:
  struct Before {
    bool descending;
    bool operator()(const Place& a, const Place& b) const { return descending ? b < a : a < b; }
  };
  std::size_t limit_;
  bool descending_;
  std::size_t bytes_ = 0;
  std::optional<Place> after_, cut_;
  std::map<Place, Found, Before> kept_;
};

std::vector<StreamRow> streams_to_search(Txn& txn, const std::string& group,
                                         const FilterLogEventsInput& input) {
  std::vector<StreamRow> rows;
  if (input.log_stream_names) {
    if (input.log_stream_name_prefix) {
      throw errors::invalid_parameter_exception(
          "logStreamNames and logStreamNamePrefix cannot both be given");
    }
    for (const std::string& name : *input.log_stream_names) {
      rows.push_back(require_stream(txn, group, name));
    }
    return rows;
  }
  std::string prefix = input.log_stream_name_prefix.value_or("");
  txn.each("SELECT id, name, created FROM logs_streams WHERE group_name = ? "
           "AND name >= ? AND name < ? ORDER BY name",
           [&](const Row& row) {
             rows.push_back({row.integer(0), row.text(1), row.integer(2)});
           },
           group, prefix, behind_prefix(prefix));
  return rows;
}

std::string listing_of(const std::string& group, const FilterLogEventsInput& input) {
  std::string names;
  if (input.log_stream_names) names = join(*input.log_stream_names, "\n");
  return fmt::format("logs:FilterLogEvents:{}\n{}\n{}\n{}\n{}\n{}\n{}", group, names,
                     input.log_stream_name_prefix.value_or(""), input.filter_pattern.value_or(""),
                     input.start_time.value_or(0), input.end_time.value_or(INT64_MAX),
                     input.start_from_head.value_or(true));
}

std::string position_of(const Place& place) {
  return fmt::format("{}/{}/{}", place.timestamp, place.stream, place.position);
}

Place parse_position(const std::string& text) {
  Place place;
  const char* at = text.data();
  const char* end = at + text.size();
  for (int64_t* number : {&place.timestamp, &place.stream, &place.position}) {
    auto [rest, error] = std::from_chars(at, end, *number);
    if (error != std::errc()) throw wrong_token();
    at = rest < end ? rest + 1 : rest;
  }
  if (position_of(place) != text) throw wrong_token();
  return place;
}

/// 56 digits, the same at every asking, and of no other event.
std::string event_id(const Place& place) {
  return fmt::format("{:020d}{:018d}{:018d}", place.timestamp, place.stream, place.position);
}

void search(const Segments& segments, const StreamRow& stream, const FilterLogEventsInput& input,
            const Pattern& pattern, Page& page) {
  int64_t start = input.start_time.value_or(0), end = input.end_time.value_or(INT64_MAX);
  auto wanted = [&](int64_t earliest, int64_t latest) {
    return latest >= start && earliest < end && page.wants(earliest, latest);
  };
  auto visit = [&](const Segments::Record& record) {
    if (record.timestamp >= start && record.timestamp < end && pattern.matches(record.text)) {
      page.offer({record.timestamp, stream.id, record.position}, stream, record);
    }
    return true;
  };
  segments.scan_times(segment_of(stream.id), page.descending(), wanted, visit);
}

}  // namespace

FilterLogEventsOutput filter_log_events(Call& call, const FilterLogEventsInput& input) {
  std::string group = group_name(input.log_group_name, input.log_group_identifier);
  require_group(call.txn, group);
  bool descending = !input.start_from_head.value_or(true);
  if (descending && input.start_time.value_or(0) < kDescendingStartMin) {
    throw errors::invalid_parameter_exception(
        "startFromHead can be false only with a startTime on or after Jan 1, 2024 00:00:00 UTC");
  }
  Pattern pattern(input.filter_pattern.value_or(""));
  std::string listing = listing_of(group, input);
  Page page(static_cast<std::size_t>(input.limit.value_or(kPageEventsMax)), descending);
  if (input.next_token) {
    auto position = read_page_token(listing, *input.next_token);
    if (!position) throw wrong_token();
    page.begin_after(parse_position(*position));
  }
  std::vector<StreamRow> streams = streams_to_search(call.txn, group, input);
  for (const StreamRow& stream : streams) search(call.segments, stream, input, pattern, page);

  FilterLogEventsOutput output;
  output.events.emplace();
  output.searched_log_streams.emplace();  // always empty: AWS no longer tells
  for (const auto& [place, found] : page.kept()) {
    FilteredLogEvent& event = output.events->emplace_back();
    event.log_stream_name = found.stream->name;
    event.timestamp = found.record.timestamp;
    event.message = found.record.text;
    event.ingestion_time = found.record.ingested;
    event.event_id = event_id(place);
  }
  if (page.more()) {
    output.next_token = make_page_token(listing, position_of(page.kept().rbegin()->first));
  }
  return output;
}

}  // namespace trainyard::logs
