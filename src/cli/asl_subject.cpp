#include "cli/asl_subject.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.hpp"

namespace trainyard::cli {

std::string Subject::label() const {
  return iterations.empty() ? state : fmt::format("{} ({})", state, fmt::join(iterations, " "));
}

Subjects::Subjects(const asl::Machine& machine) { add_places(machine.states, machine.top, {}); }

void Subjects::add_places(const asl::States& states, const asl::Flow& flow, Place around) {
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

const Subject& Subjects::add(const asl::HistoryEvent& event) {
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
  return subjects_[event.id] = std::move(subject);
}

Place Subjects::place_of(const std::string& state) const {
  const auto found = places_.find(state);
  return found == places_.end() ? Place{} : found->second;
}

}  // namespace trainyard::cli
