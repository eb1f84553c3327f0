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

/// Names are unique in the whole machine (ASL specification, "States").
void add_state(Fields& fields, const std::string& location, State state, Flow& flow,
               States& states) {
  std::string name = state.name;
  if (name.empty() || count_characters(name) > kStateNameCharsMax) {
    fields.problem_at(location,
                      fmt::format("State names must have 1 to {} characters", kStateNameCharsMax));
  }
  if (states.emplace(name, std::move(state)).second) {
    flow.order.push_back(std::move(name));
  } else {
    fields.problems().push_back(
        {"DUPLICATE_STATE_NAME", fmt::format("Duplicate state name: {}", name), location});
  }
}

}  // namespace

Flow parse_flow(Fields& fields, States& states) {
  Flow flow;
  fields.require({"States", "StartAt"});
  flow.start_at = fields.target("StartAt");
  const json::object* members = fields.object("States");
  if (!members) return flow;
  if (members->empty()) fields.problem_in("States", "Value cannot be empty");
  const std::size_t problems_before = fields.problems().size();
  for (const auto& member : *members) {
    std::string name(member.key());
    std::string location = fields.location_of("States") + "/" + name;
    State state;
    if (const json::object* object = member.value().if_object()) {
      Fields below(*object, location, fields.problems());
      state = parse_state(name, below, states);
    } else {
      fields.problem_at(location, "Expected value of type Object");
    }
    state.name = name;
    state.location = location;
    add_state(fields, location, std::move(state), flow, states);
  }
  // A name that stands twice belongs to one level only: its ways say nothing about the other.
  bool doubled = false;
  for (std::size_t i = problems_before; i < fields.problems().size(); ++i) {
    doubled = doubled || fields.problems()[i].code == "DUPLICATE_STATE_NAME";
  }
  if (!flow.start_at.empty() && !flow.order.empty() && !doubled) {
    check_graph(flow, states, fields);
  }
  return flow;
}

}  // namespace trainyard::asl
