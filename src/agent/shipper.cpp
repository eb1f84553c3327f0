#include "agent/shipper.hpp"

#include "base/log.hpp"

namespace trainyard::agent {
namespace {

/// A JSON string literal of valid UTF-8, straight into the report: a million lines an hour are
/// common, and a tree of values would cost more than all the rest.
void append_quoted(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.substr(begin, i - begin));
    begin = i + 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  out.append(text.substr(begin));
  out += '"';
}

}  // namespace

std::string log_report(const std::string& group, const std::string& stream, uint64_t first,
                       const std::vector<LogEvent>& events) {
  std::string body = "{\"group\":";
  append_quoted(body, group);
  body += ",\"stream\":";
  append_quoted(body, stream);
  body += ",\"first\":" + std::to_string(first) + ",\"events\":[";
  for (const LogEvent& event : events) {
    if (body.back() != '[') body += ',';
    body += "{\"timestamp\":" + std::to_string(event.at_ms) + ",\"message\":";
    append_quoted(body, event.text);
    body += '}';
  }
  return body + "]}";
}

Shipper::Shipper(DaemonLink& link, std::string group, std::string stream, fs::path spool,
                 LogQueueLimits limits)
    : link_(link), group_(std::move(group)), stream_(std::move(stream)),
      queue_(std::move(spool), limits), thread_([this] { run(); }) {}

Shipper::~Shipper() { finish(); }

void Shipper::line(int64_t at_ms, std::string text) {
  std::vector<LogEvent> events;
  events.push_back({at_ms, std::move(text)});
  queue_.push(std::move(events));
}

void Shipper::metrics(std::vector<MetricValue> values) {
  std::lock_guard lock(mutex_);
  for (MetricValue& value : values) {
    if (metrics_.size() < kMetricsWaitingMax) metrics_.push_back(std::move(value));
  }
}

void Shipper::finish() {
  if (!thread_.joinable()) return;
  queue_.close();
  thread_.join();
}

void Shipper::run() {
  try {
    for (;;) {
      std::vector<LogEvent> batch = queue_.take();
      if (!batch.empty()) send_lines(batch);
      // Each metric was found in a line: there is never one without a batch to wake us.
      send_metrics();
      if (batch.empty()) return;
    }
  } catch (const std::exception& error) {
    log_error("lines of the program are lost: {}", error.what());
  }
}

void Shipper::send(const std::string& what, const std::string& body) {
  if (gave_up_) return;
  try {
    Answer answer = link_.post(what, body);
    if (answer.status >= 300) {
      log_error("the daemon refuses {}: {} {}", what, answer.status, answer.body);
    }
  } catch (const std::exception& error) {
    gave_up_ = true;
    log_error("the daemon was away for too long, {} are lost: {}", what, error.what());
  }
}

void Shipper::send_lines(const std::vector<LogEvent>& batch) {
  send("logs", log_report(group_, stream_, next_, batch));
  next_ += batch.size();
}

void Shipper::send_metrics() {
  std::vector<MetricValue> values;
  {
    std::lock_guard lock(mutex_);
    values.swap(metrics_);
  }
  if (values.empty()) return;
  send("metrics", dump(json::object{{"first", next_metric_}, {"metrics", to_json(values)}}));
  next_metric_ += values.size();
}

}  // namespace trainyard::agent
