// The states of one level, and the ways between them.
#include <fmt/format.h>

#include <deque>
#include <set>

#include "asl/parse_state.hpp"
#include "base/utf8.hpp"

namespace trainyard::asl {
namespace {

constexpr std::string_view kMissingTarget = "MISSING_TRANSITION_TARGET";

struct Target {
  std::string state;
  std::string location;
};

/// Where a state may go on, in the order of its fields.
std::vector<Target> targets_of(const State& state) {
  const std::string& location = state.location;
  std::vector<Target> targets;
  if (!state.next.empty()) targets.push_back({state.next, location + "/Next"});
  for (std::size_t i = 0; i < state.choices.size(); ++i) {
    targets.push_back({state.choices[i].next, fmt::format("{}/Choices[{}]/Next", location, i)});
  }
  if (!state.default_next.empty()) targets.push_back({state.default_next, location + "/Default"});
  for (std::size_t i = 0; i < state.catchers.size(); ++i) {
    targets.push_back({state.catchers[i].next, fmt::format("{}/Catch[{}]/Next", location, i)});
  }
  return targets;
}

bool is_terminal(const State& state) {
  return state.next.empty() && state.type != StateType::choice;
}

std::set<std::string> reachable_states(const Flow& flow, const States& states) {
  std::set<std::string> reached{flow.start_at};
  std::deque<std::string> open{flow.start_at};
  while (!open.empty()) {
    auto state = states.find(open.front());
    open.pop_front();
    if (state == states.end()) continue;
    for (const Target& target : targets_of(state->second)) {
      if (reached.insert(target.state).second) open.push_back(target.state);
    }
  }
  return reached;
}

/// Targets exist on this level, some state ends, every state is reached: in the order in which Step
/// Functions reports them. Without any end it does not report unreachable states.
void check_graph(const Flow& flow, const States& states, Fields& fields) {
  auto& problems = fields.problems();
  const std::set<std::string> here(flow.order.begin(), flow.order.end());
  auto check = [&](const Target& target) {
    if (target.state.empty() || here.contains(target.state)) return;
    problems.push_back({std::string(kMissingTarget),
                        fmt::format("Missing 'Next' target: {}", target.state), target.location});
  };
  check({flow.start_at, fields.location_of("StartAt")});
  bool ends = false;
  for (const auto& name : flow.order) {
    const State& state = states.find(name)->second;
    for (const Target& target : targets_of(state)) check(target);
    ends = ends || is_terminal(state);
  }
  if (!ends) {
    problems.push_back({"MISSING_END_STATE", "Workflow has no terminal state",
                        fields.location() == "/" ? "" : fields.location()});
    return;
  }
  auto reached = reachable_states(flow, states);
  for (const auto& name : flow.order) {
    if (reached.contains(name)) continue;
    problems.push_back({std::string(kMissingTarget),
                        fmt::format("State \"{}\" is not reachable.", name),
                        states.find(name)->second.location});
  }
}

void check_name(const std::string& name, const std::string& location, Fields& fields) {
  if (!name.empty() && count_characters(name) <= kStateNameCharsMax) return;
  fields.problem_at(location,
                    fmt::format("State names must have 1 to {} characters", kStateNameCharsMax));
}

}  // namespace

Flow parse_flow(Fields& fields, States& states) {
  Flow flow;
  fields.require({"States", "StartAt"});
  flow.start_at = fields.target("StartAt");
  const json::object* members = fields.object("States");
  if (!members) return flow;
  if (members->empty()) fields.problem_in("States", "Value cannot be empty");
  bool doubled = false;
  for (const auto& member : *members) {
    std::string name(member.key());
    std::string location = fields.location_of("States") + "/" + name;
    check_name(name, location, fields);
    // The name is taken before those of the states inside (ASL specification, "States": names are
    // unique in the whole machine).
    const bool first = states.try_emplace(name).second;
    State state;
    if (const json::object* object = member.value().if_object()) {
      Fields below(*object, location, fields.problems());
      state = parse_state(name, below, states);
    } else {
      fields.problem_at(location, "Expected value of type Object");
    }
    if (first) {
      state.name = name;
      state.location = location;
      states.insert_or_assign(name, std::move(state));
      flow.order.push_back(std::move(name));
    } else {
      doubled = true;
      fields.problems().push_back({"DUPLICATE_STATE_NAME",
                                   fmt::format("Duplicate state name: {}", name), location});
    }
  }
  // The ways of a state that stands twice say nothing about the one that was dropped.
  if (!flow.start_at.empty() && !flow.order.empty() && !doubled) {
    check_graph(flow, states, fields);
  }
  return flow;
}

}  // namespace trainyard::asl
