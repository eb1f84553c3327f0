#include <fmt/format.h>

#include <algorithm>

#include "asl/fields.hpp"
#include "asl/parse_state.hpp"
#include "base/text.hpp"

namespace trainyard::asl {
namespace {

void append_states(const Flow& flow, const States& states, std::vector<const State*>& all) {
  for (const auto& name : flow.order) {
    const State& state = states.find(name)->second;
    all.push_back(&state);
    for (const Flow& branch : state.branches) append_states(branch, states, all);
  }
}

void parse_top(Fields& top, Machine& machine) {
  static constexpr std::string_view kNames[] = {"Comment", "StartAt",        "States",
                                                "Version", "TimeoutSeconds", "QueryLanguage"};
  top.allow_only(kNames);
  top.string("Comment");
  if (auto version = top.string("Version"); version && *version != "1.0") {
    top.problem_in("Version", "Value must be '1.0'");
  }
  check_query_language(top);
  machine.timeout_seconds = top.integer("TimeoutSeconds", 1);
  machine.top = parse_flow(top, machine.states);
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
    case StateType::fail:
      return "Fail";
    case StateType::parallel:
      return "Parallel";
    default:
      return "Map";
  }
}

Resource parse_resource(std::string_view arn) {
  constexpr std::string_view kSdk = "aws-sdk:";
  Resource resource;
  resource.arn = std::string(arn);
  auto parts = split(arn, ':');
  if (parts.size() < 7 || parts[0] != "arn" || parts[2] != "states") return resource;
  resource.is_activity = !parts[3].empty() && !parts[4].empty() && parts[5] == "activity" &&
                         parts.size() == 7 && !parts[6].empty();
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

std::vector<const State*> in_order(const Machine& machine) {
  std::vector<const State*> all;
  append_states(machine.top, machine.states, all);
  return all;
}

bool has_errors(const std::vector<Problem>& problems) {
  return std::any_of(problems.begin(), problems.end(), [](const Problem& problem) {
    return problem.severity == Problem::Severity::error;
  });
}

std::string to_text(const std::vector<Problem>& problems) {
  std::vector<std::string> lines;
  for (const Problem& problem : problems) {
    if (problem.severity != Problem::Severity::error) continue;
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
  return parsed;
}

}  // namespace trainyard::asl
