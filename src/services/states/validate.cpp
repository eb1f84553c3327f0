// ValidateStateMachineDefinition: what creating a state machine would say of its definition.
#include "services/states/validate.hpp"

#include "asl/warnings.hpp"
#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/states/definition.hpp"

namespace trainyard::states {
namespace {

constexpr std::string_view kError = "ERROR", kWarning = "WARNING";
constexpr int32_t kDiagnosticsMax = 100;  // and what 0 and nothing mean

ValidateStateMachineDefinitionDiagnostic to_api(const asl::Problem& problem) {
  ValidateStateMachineDefinitionDiagnostic diagnostic;
  diagnostic.severity = problem.severity == asl::Problem::Severity::error ? kError : kWarning;
  diagnostic.code = problem.code;
  diagnostic.message = problem.message;
  if (!problem.location.empty()) diagnostic.location = problem.location;
  return diagnostic;
}

/// Errors, and warnings where they are asked for.
std::vector<asl::Problem> problems_of(const Door& door, const std::string& definition,
                                      std::string_view severity) {
  asl::Parsed parsed = examine_definition(door, definition);
  std::vector<asl::Problem> problems = std::move(parsed.problems);
  if (severity == kWarning) {
    auto warnings = asl::warnings_of(definition);
    std::move(warnings.begin(), warnings.end(), std::back_inserter(problems));
  }
  if (severity == kError) {
    std::erase_if(problems, [](const asl::Problem& problem) {
      return problem.severity != asl::Problem::Severity::error;
    });
  }
  return problems;
}

}  // namespace

ValidateStateMachineDefinitionOutput validate_definition(
    const Door& door, const ValidateStateMachineDefinitionInput& input) {
  if (input.type.value_or("STANDARD") != "STANDARD") {
    throw errors::validation_exception("State machines of type EXPRESS are not supported here.");
  }
  const int32_t asked = input.max_results.value_or(0);
  const auto most = static_cast<std::size_t>(asked == 0 ? kDiagnosticsMax : asked);
  ValidateStateMachineDefinitionOutput output;
  const auto problems =
      problems_of(door, input.definition, input.severity.value_or(std::string(kError)));
  output.result = asl::has_errors(problems) ? "FAIL" : "OK";
  output.truncated = false;
  for (const asl::Problem& problem : problems) {
    if (output.diagnostics.size() == most) {
      output.truncated = true;
    } else {
      output.diagnostics.push_back(to_api(problem));
    }
  }
  return output;
}

ValidateStateMachineDefinitionOutput validate_state_machine_definition(
    Call& call, const ValidateStateMachineDefinitionInput& input) {
  return validate_definition(call.door, input);
}

}  // namespace trainyard::states
