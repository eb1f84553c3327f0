#include "cli/asl_show.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/utf8.hpp"
#include "graph/canvas.hpp"

namespace trainyard::cli {
namespace {

// Parameters of ANSI SGR sequences.
constexpr const char* kGood = "32";
constexpr const char* kBad = "31";
constexpr const char* kBusy = "33";
constexpr std::size_t kTextMax = 300;  // characters of an error's cause

std::string seconds(Duration time) {
  return fmt::format("{:.3f} s", static_cast<double>(time.count()) / 1000.0);
}

std::string error_text(const std::optional<std::string>& error,
                       const std::optional<std::string>& cause) {
  std::string text = error.value_or("");
  if (cause && !cause->empty()) text += (text.empty() ? "" : ": ") + *cause;
  return text;
}

/// A state whose work takes no time is told of once, when it is left.
bool takes_time(asl::StateType type) {
  return type != asl::StateType::pass && type != asl::StateType::choice &&
         type != asl::StateType::succeed;
}

}  // namespace

RunProgress::RunProgress(const asl::Machine& machine, Screen& screen, Time started)
    : places_(machine), screen_(screen), started_(started), last_(started) {}

void RunProgress::happened(const asl::HistoryEvent& event, const Subject& subject) {
  last_ = event.at;
  const Place place = places_.place_of(subject.state);
  if (event.type.ends_with("StateEntered")) return entered(event.at, subject, place);
  if (event.type.ends_with("StateExited")) return left(event.at, subject, place);
  const auto error = find_string(event.details, "error");
  if (!error || event.type.starts_with("Execution")) return;
  line(event.at, place.depth + 1, kBad, "✗",
       event.type + " " + error_text(error, find_string(event.details, "cause")));
}

void RunProgress::entered(Time at, const Subject& subject, const Place& place) {
  running_[subject] = at;
  if (place.type == asl::StateType::fail) {
    line(at, place.depth, kBad, "✗", subject.label());
  } else if (takes_time(place.type)) {
    line(at, place.depth, kBusy, "▶", subject.label());
  }
}

void RunProgress::left(Time at, const Subject& subject, const Place& place) {
  std::string text = subject.label();
  if (const auto since = running_.find(subject); since != running_.end()) {
    if (takes_time(place.type)) text += " after " + seconds(at - since->second);
    running_.erase(since);
  }
  line(at, place.depth, kGood, "✓", text);
}

void RunProgress::will_retry(const Subject& subject, Duration after) {
  line(last_, places_.place_of(subject.state).depth + 1, kBusy, "↻",
       fmt::format("{} again in {}", subject.label(), seconds(after)));
}

void RunProgress::ended(const asl::Ended& ended, Time at) {
  if (ended.status == asl::Status::succeeded) return line(at, 0, kGood, "✓", "SUCCEEDED");
  const std::string why = error_text(ended.error, ended.cause);
  line(at, 0, kBad, "✗", std::string(asl::name_of(ended.status)) + (why.empty() ? "" : " " + why));
}

void RunProgress::line(Time at, int depth, const char* colour, const std::string& glyph,
                       const std::string& text) {
  std::string shown = graph::printable(text);
  if (count_characters(shown) > kTextMax) shown = clip(shown, kTextMax - 1) + "…";
  const bool coloured = screen_.colour();
  screen_.say(fmt::format("{:>12}  {:{}}{}{}{} {}", seconds(at - started_), "", 2 * depth,
                          coloured ? fmt::format("\x1b[{}m", colour) : "", glyph,
                          coloured ? "\x1b[0m" : "", shown));
}

}  // namespace trainyard::cli
