#include "services/states/states_testing.hpp"

namespace trainyard::states {
namespace {

class ValidateTest : public StatesTest {
 protected:
  /// "RESULT [CODE at LOCATION, …]", with "+" when there are more.
  std::string validate(const std::string& definition, const std::string& severity = "",
                       int most = 0) {
    ValidateStateMachineDefinitionInput input;
    input.definition = definition;
    if (!severity.empty()) input.severity = severity;
    if (most > 0) input.max_results = most;
    auto output = run(validate_state_machine_definition, input);
    std::string text = output.result + " [";
    for (const auto& one : output.diagnostics) {
      if (!text.ends_with('[')) text += ", ";
      text += one.severity + " " + one.code + " at " + one.location.value_or("-");
    }
    return text + "]" + (output.truncated.value() ? "+" : "");
  }
};

TEST_F(ValidateTest, SaysWhatCreatingWould) {
  EXPECT_EQ(validate(one_pass()), "OK []");
  const std::string broken =
      R"({"StartAt":"P","States":{"P":{"Type":"Pass","Next":"X"},"W":{"Type":"Wait","End":true}}})";
  CreateStateMachineInput input;
  input.name = "flow";
  input.definition = broken;
  input.role_arn = role_arn();
  std::string message, all;
  EXPECT_EQ(error_of([&] { run(create_state_machine, input); }, &message), "InvalidDefinition");
  ValidateStateMachineDefinitionInput check;
  check.definition = broken;
  for (const auto& one : run(validate_state_machine_definition, check).diagnostics) {
    EXPECT_EQ(one.severity, "ERROR");
    all += (all.empty() ? "" : ", ") + one.code + ": " + one.message;
    if (one.location) all += " at " + *one.location;
  }
  EXPECT_EQ(message, "Invalid State Machine Definition: '" + all + "'");
  EXPECT_EQ(validate("{"), "FAIL [ERROR INVALID_JSON_DESCRIPTION at -]");
}

TEST_F(ValidateTest, SomeWarningsAndSoMany) {
  const std::string odd =
      R"({"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[{"StartAt":"A",)"
      R"("States":{"A":{"Type":"Task","End":true,"Resource":)"
      R"("arn:aws:states:us-east-1:000000000000:activity:work","Parameters":{"a":"$.b",)"
      R"x("c.$":"$.d","e":[{"f":"States.UUID()"}],"g":"$5","h":"plain"}}}}]}}})x";
  EXPECT_EQ(validate(odd), "OK []");
  EXPECT_EQ(validate(odd, "ERROR"), "OK []");
  const std::string at = "/States/P/Branches[0]/States/A";
  const std::string dollar = "WARNING NO_DOLLAR at " + at + "/Parameters";
  EXPECT_EQ(validate(odd, "WARNING"), "OK [" + dollar + ", " + dollar + "]");
  EXPECT_EQ(validate(odd, "WARNING", 1), "OK [" + dollar + "]+");
  EXPECT_EQ(validate(odd, "WARNING", 2).back(), ']');
}

TEST_F(ValidateTest, OnlyStandard) {
  ValidateStateMachineDefinitionInput input;
  input.definition = one_pass();
  input.type = "EXPRESS";
  EXPECT_EQ(error_of([&] { run(validate_state_machine_definition, input); }),
            "ValidationException");
}

}  // namespace
}  // namespace trainyard::states
