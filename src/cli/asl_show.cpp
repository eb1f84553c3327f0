#include "cli/asl_show.hpp"

#include <algorithm>

#include <fmt/format.h>

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
    : screen_(screen), started_(started), last_(started) {
  add_places(machine.states, machine.top, {});
}

void RunProgress::add_places(const asl::States& states, const asl::Flow& flow, Place around) {
  for (const std::string& name : flow.order) {
    const asl::State& state = states.at(name);
    around.type = state.type;
    places_[name] = around;
    Place inside = around;
    ++inside.depth;
    inside.maps += state.type == asl::StateType::map;
    for (const asl::Flow& branch : state.branches) add_places(states, branch, inside);
  }
}

RunProgress::Subject RunProgress::subject_of(const asl::HistoryEvent& event) const {
  const auto cause = subjects_.find(event.previous);
  Subject subject = cause == subjects_.end() ? Subject{} : cause->second;
  if (const auto name = find_string(event.details, "name")) {
    subject.state = *name;
    // The cause may lie deeper, when a Map state is left or goes on with its next item.
    subject.iterations.resize(std::min(subject.iterations.size(), place_of(*name).maps));
  }
  if (event.type == "MapIterationStarted") {
    const int64_t index = find_integer(event.details, "index").value_or(0);
    subject.iterations.push_back(fmt::format("{}[{}]", subject.state, index));
  }
  return subject;
}

void RunProgress::happened(const asl::HistoryEvent& event) {
  last_ = event.at;
  const Subject subject = subjects_[event.id] = subject_of(event);
  if (event.type.ends_with("StateEntered")) return entered(event.at, subject);
  if (event.type.ends_with("StateExited")) return left(event.at, subject);
  const auto error = find_string(event.details, "error");
  if (!error || event.type.starts_with("Execution")) return;
  line(event.at, place_of(subject.state).depth + 1, kBad, "✗",
       event.type + " " + error_text(error, find_string(event.details, "cause")));
}

void RunProgress::entered(Time at, const Subject& subject) {
  const Place place = place_of(subject.state);
  running_[subject] = at;
  if (place.type == asl::StateType::fail) {
    line(at, place.depth, kBad, "✗", label(subject));
  } else if (takes_time(place.type)) {
    line(at, place.depth, kBusy, "▶", label(subject));
  }
}

void RunProgress::left(Time at, const Subject& subject) {
  const Place place = place_of(subject.state);
  std::string text = label(subject);
  if (const auto since = running_.find(subject); since != running_.end()) {
    if (takes_time(place.type)) text += " after " + seconds(at - since->second);
    running_.erase(since);
  }
  line(at, place.depth, kGood, "✓", text);
}

void RunProgress::will_retry(int64_t entered, Duration after) {
  const Subject& subject = subjects_[entered];
  line(last_, place_of(subject.state).depth + 1, kBusy, "↻",
       fmt::format("{} again in {}", label(subject), seconds(after)));
}

void RunProgress::ended(const asl::Ended& ended, Time at) {
  if (ended.status == asl::Status::succeeded) return line(at, 0, kGood, "✓", "SUCCEEDED");
  const std::string why = error_text(ended.error, ended.cause);
  line(at, 0, kBad, "✗", std::string(asl::name_of(ended.status)) + (why.empty() ? "" : " " + why));
}

RunProgress::Place RunProgress::place_of(const std::string& state) const {
  const auto found = places_.find(state);
  return found == places_.end() ? Place{} : found->second;
}

std::string RunProgress::label(const Subject& subject) {
  if (subject.iterations.empty()) return subject.state;
  return fmt::format("{} ({})", subject.state, fmt::join(subject.iterations, " "));
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
