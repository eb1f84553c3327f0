#include <charconv>

#include <fmt/format.h>

#include "generated/logs/operations.hpp"
#include "services/logs/rows.hpp"
#include "store/segments.hpp"

namespace trainyard::logs {
namespace {

/// "f/N/s" goes on with record N, "b/N/s" ends before it. N has 56 digits, as AWS's tokens have.
std::string token(char direction, int64_t position) {
  return fmt::format("{}/{:056d}/s", direction, position);
}

struct Token {
  bool forward = true;
  int64_t position = 0;
};

Token parse_token(const std::string& text) {
  constexpr std::size_t kDigits = 56;
  Token parsed;
  bool framed = text.size() == kDigits + 4 && (text[0] == 'f' || text[0] == 'b') &&
                text[1] == '/' && text.ends_with("/s");
  if (!framed) throw wrong_token();
  parsed.forward = text[0] == 'f';
  const char* begin = text.data() + 2;
  auto [end, error] = std::from_chars(begin, begin + kDigits, parsed.position);
  if (error != std::errc() || end != begin + kDigits || parsed.position < 0) throw wrong_token();
  return parsed;
}

/// One page: what is in the time range, until it is full.
class Page {
 public:
  Page(const GetLogEventsInput& input)
      : start_(input.start_time.value_or(0)),
        end_(input.end_time.value_or(INT64_MAX)),
        limit_(static_cast<std::size_t>(input.limit.value_or(kPageEventsMax))) {}

  /// False when the record does not fit any more.
  bool take(const Segments::Record& record) {
    if (record.timestamp < start_ || record.timestamp >= end_) return true;
    std::size_t bytes = record.text.size() + kEventOverhead;
    if (!records.empty() && (records.size() == limit_ || bytes_ + bytes > kPageBytesMax)) {
      return false;
    }
    bytes_ += bytes;
    records.push_back(record);
    return true;
  }

  std::vector<Segments::Record> records;

 private:
  int64_t start_, end_;
  std::size_t limit_;
  std::size_t bytes_ = 0;
};

}  // namespace

GetLogEventsOutput get_log_events(Call& call, const GetLogEventsInput& input) {
  std::string group = group_name(input.log_group_name, input.log_group_identifier);
  StreamRow stream = require_stream(call.txn, group, input.log_stream_name);
  std::string segment = segment_of(stream.id);
  int64_t count = call.segments.count(segment);
  Token from{input.start_from_head.value_or(false), 0};
  if (!from.forward) from.position = count;
  if (input.next_token) from = parse_token(*input.next_token);
  if (from.position > count) throw wrong_token();

  // What lies between `low` and `high` has been looked at when the page is done.
  int64_t low = from.position, high = from.position;
  Page page(input);
  auto visit = [&](const Segments::Record& record) {
    if (!page.take(record)) return false;
    low = std::min(low, record.position);
    high = std::max(high, record.position + 1);
    return true;
  };
  if (from.forward) {
    call.segments.scan(segment, from.position, false, visit);
  } else if (from.position > 0) {
    call.segments.scan(segment, from.position - 1, true, visit);
    std::reverse(page.records.begin(), page.records.end());
  }
  GetLogEventsOutput output;
  output.events.emplace();
  for (const Segments::Record& record : page.records) {
    OutputLogEvent& event = output.events->emplace_back();
    event.timestamp = record.timestamp;
    event.message = record.text;
    event.ingestion_time = record.ingested;
  }
  output.next_forward_token = token('f', high);
  output.next_backward_token = token('b', low);
  return output;
}

}  // namespace trainyard::logs
