#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>

#include "asl/fields.hpp"
#include "asl/parse_state.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

namespace trainyard::asl {
namespace {

constexpr std::string_view kMissingTarget = "MISSING_TRANSITION_TARGET";

struct Target {
  std::string state;
  std::string location;
};

/// Where a state may go on, in the order of its fields.
std::vector<Target> targets_of(const State& state, const std::string& location) {
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

std::set<std::string> reachable_states(const Machine& machine) {
  std::set<std::string> reached{machine.start_at};
  std::deque<std::string> open{machine.start_at};
  while (!open.empty()) {
    auto state = machine.states.find(open.front());
    open.pop_front();
    if (state == machine.states.end()) continue;
    for (const Target& target : targets_of(state->second, "")) {
      if (reached.insert(target.state).second) open.push_back(target.state);
    }
  }
  return reached;
}

/// Targets exist, some state ends, every state is reached: in the order in which Step Functions
/// reports them. Without any end it does not report unreachable states.
void check_graph(const Machine& machine, std::vector<Problem>& problems) {
  auto check = [&](const Target& target) {
    if (target.state.empty() || machine.states.contains(target.state)) return;
    problems.push_back({std::string(kMissingTarget),
                        fmt::format("Missing 'Next' target: {}", target.state), target.location});
  };
  check({machine.start_at, "/StartAt"});
  bool ends = false;
  for (const auto& name : machine.order) {
    const State& state = machine.states.find(name)->second;
    for (const Target& target : targets_of(state, "/States/" + name)) check(target);
    ends = ends || is_terminal(state);
  }
  if (!ends) {
    problems.push_back({"MISSING_END_STATE", "Workflow has no terminal state", ""});
    return;
  }
  auto reached = reachable_states(machine);
  for (const auto& name : machine.order) {
    if (reached.contains(name)) continue;
    problems.push_back({std::string(kMissingTarget),
                        fmt::format("State \"{}\" is not reachable.", name), "/States/" + name});
  }
}

void parse_states(Fields& top, Machine& machine) {
  const json::object* states = top.object("States");
  if (!states) return;
  if (states->empty()) top.problem_in("States", "Value cannot be empty");
  for (const auto& member : *states) {
    std::string name(member.key());
    std::string location = "/States/" + name;
    if (name.empty() || count_characters(name) > kStateNameCharsMax) {
      top.problem_at(location,
                     fmt::format("State names must have 1 to {} characters", kStateNameCharsMax));
    }
    machine.order.push_back(name);
    if (const json::object* object = member.value().if_object()) {
      Fields fields(*object, location, top.problems());
      machine.states[name] = parse_state(name, fields);
    } else {
      machine.states[name].name = name;
      top.problem_at(location, "Expected value of type Object");
    }
  }
}

void parse_top(Fields& top, Machine& machine) {
  static constexpr std::string_view kNames[] = {"Comment", "StartAt",        "States",
                                                "Version", "TimeoutSeconds", "QueryLanguage"};
  top.allow_only(kNames);
  top.require({"States", "StartAt"});
  top.string("Comment");
  if (auto version = top.string("Version"); version && *version != "1.0") {
    top.problem_in("Version", "Value must be '1.0'");
  }
  check_query_language(top);
  machine.timeout_seconds = top.integer("TimeoutSeconds", 1);
  machine.start_at = top.target("StartAt");
  parse_states(top, machine);
}

}  // namespace

std::string_view name_of(StateType type) {
  switch (type) {
    case StateType::task:
      return "Task";
    case StateType::pass:
      return "Pass";
    case StateType::choice:
      return "Choice";
    case StateType::wait:
      return "Wait";
    case StateType::succeed:
      return "Succeed";
    default:
      return "Fail";
  }
}

Resource parse_resource(std::string_view arn) {
  constexpr std::string_view kSdk = "aws-sdk:";
  Resource resource;
  resource.arn = std::string(arn);
  auto parts = split(arn, ':');
  if (parts.size() < 7 || parts[0] != "arn" || parts[2] != "states") return resource;
  if (!parts[3].empty() || !parts[4].empty()) return resource;
  // What follows "arn:aws:states:::" is SERVICE:ACTION or aws-sdk:SERVICE:ACTION.
  std::string_view rest = arn.substr(parts[0].size() + parts[1].size() + parts[2].size() + 5);
  std::size_t from = rest.starts_with(kSdk) ? kSdk.size() : 0;
  std::size_t colon = rest.find(':', from);
  if (colon == std::string_view::npos) return resource;
  resource.service = std::string(rest.substr(0, colon));
  resource.action = std::string(rest.substr(colon + 1));
  auto dot = resource.action.find('.');
  resource.operation = resource.action.substr(0, dot);
  if (dot != std::string::npos) resource.pattern = resource.action.substr(dot + 1);
  return resource;
}

std::string to_text(const std::vector<Problem>& problems) {
  std::vector<std::string> lines;
  for (const Problem& problem : problems) {
    lines.push_back(problem.code + ": " + problem.message +
                    (problem.location.empty() ? "" : " at " + problem.location));
  }
  return join(lines, ", ");
}

Parsed parse_machine(std::string_view definition) {
  Parsed parsed;
  std::string error;
  auto document = parse_json(definition, &error);
  if (!document) {
    parsed.problems.push_back({"INVALID_JSON_DESCRIPTION", error, ""});
    return parsed;
  }
  if (!document->is_object()) {
    parsed.problems.push_back(
        {std::string(kSchemaFailed), "Definition must be a valid JSON object", ""});
    return parsed;
  }
  Fields top(document->get_object(), "/", parsed.problems);
  parse_top(top, parsed.machine);
  if (!parsed.machine.start_at.empty() && !parsed.machine.states.empty()) {
    check_graph(parsed.machine, parsed.problems);
  }
  return parsed;
}

}  // namespace trainyard::asl
