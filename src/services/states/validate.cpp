// ValidateStateMachineDefinition: what creating a state machine would say of its definition.
#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/states/integrations.hpp"

namespace trainyard::states {
namespace {

constexpr std::string_view kError = "ERROR";
constexpr int32_t kDiagnosticsMax = 100;  // and what 0 and nothing mean

ValidateStateMachineDefinitionDiagnostic to_api(const asl::Problem& problem) {
  ValidateStateMachineDefinitionDiagnostic diagnostic;
  diagnostic.severity = kError;
  diagnostic.code = problem.code;
  diagnostic.message = problem.message;
  if (!problem.location.empty()) diagnostic.location = problem.location;
  return diagnostic;
}

}  // namespace

ValidateStateMachineDefinitionOutput validate_state_machine_definition(
    Call& call, const ValidateStateMachineDefinitionInput& input) {
  if (input.type.value_or("STANDARD") != "STANDARD") {
    throw errors::validation_exception("State machines of type EXPRESS are not supported here.");
  }
  const int32_t asked = input.max_results.value_or(0);
  const auto most = static_cast<std::size_t>(asked == 0 ? kDiagnosticsMax : asked);
  ValidateStateMachineDefinitionOutput output;
  output.result = "OK";
  output.truncated = false;
  for (const asl::Problem& problem : examine_definition(call, input.definition).problems) {
    output.result = "FAIL";
    if (output.diagnostics.size() == most) {
      output.truncated = true;
    } else {
      output.diagnostics.push_back(to_api(problem));
    }
  }
  return output;
}

}  // namespace trainyard::states
