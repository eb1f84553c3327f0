#include <gtest/gtest.h>

#include "asl/asl_testing.hpp"
#include "asl/machine.hpp"

namespace trainyard::asl {
namespace {

std::string problems_of(const std::string& definition) {
  return to_text(parse_machine(definition).problems);
}

/// A machine whose state S has these fields; E ends and is reached from S.
std::string with_state(const std::string& fields) {
  return R"({"StartAt":"S","States":{"S":{)" + fields + "}}}";
}

struct Case {
  std::string definition;
  std::string problems;
};

void check(std::initializer_list<Case> cases) {
  for (const Case& test : cases) EXPECT_EQ(problems_of(test.definition), test.problems);
}

const std::string kPass = R"({"Type":"Pass","End":true})";
const std::string kTask = R"("Type":"Task","End":true,"Resource":"arn:aws:states:::a:b")";

TEST(Parse, TopLevel) {
  check({
      {"{", "INVALID_JSON_DESCRIPTION: incomplete JSON at offset 1"},
      {"[]", "SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object"},
      {"{}", "SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /"},
      {R"({"StartAt":"A"})", "SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /"},
      {R"({"StartAt":1,"States":{}})",
       "SCHEMA_VALIDATION_FAILED: Expected value of type String at /StartAt, "
       "SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States"},
      {R"({"StartAt":"A","Coment":"","TimeoutSeconds":0,"Version":"2","States":{"A":)" + kPass +
           "}}",
       "SCHEMA_VALIDATION_FAILED: Field 'Coment' is not supported at /, "
       "SCHEMA_VALIDATION_FAILED: Value must be '1.0' at /Version, "
       "SCHEMA_VALIDATION_FAILED: Value must be between 1 and 99999999 at /TimeoutSeconds"},
      {R"({"StartAt":"A","QueryLanguage":"JSONata","States":{"A":)" + kPass + "}}",
       "SCHEMA_VALIDATION_FAILED: The query language 'JSONata' is not supported here at "
       "/QueryLanguage"},
      {R"({"StartAt":"","States":{"A":)" + kPass + "}}",
       "SCHEMA_VALIDATION_FAILED: Value cannot be empty at /StartAt"},
      {R"({"StartAt":"A","States":{"A":5}})",
       "SCHEMA_VALIDATION_FAILED: Expected value of type Object at /States/A"},
      {R"({"StartAt":"A","Version":"1.0","Comment":"c","QueryLanguage":"JSONPath",
          "TimeoutSeconds":60,"States":{"A":)" +
           kPass + "}}",
       ""},
      {R"({"StartAt":")" + std::string(81, 'n') + R"(","States":{")" + std::string(81, 'n') +
           "\":" + kPass + "}}",
       "SCHEMA_VALIDATION_FAILED: State names must have 1 to 80 characters at /States/" +
           std::string(81, 'n')},
  });
}

TEST(Parse, Graph) {
  check({
      {R"({"StartAt":"pass1","States":{"pass1":{"Type":"Pass","Next":"pass3"},"pass2":)" + kPass +
           "}}",
       "MISSING_TRANSITION_TARGET: Missing 'Next' target: pass3 at /States/pass1/Next, "
       "MISSING_TRANSITION_TARGET: State \"pass2\" is not reachable. at /States/pass2"},
      {R"({"StartAt":"x","States":{"A":)" + kPass + "}}",
       "MISSING_TRANSITION_TARGET: Missing 'Next' target: x at /StartAt, "
       "MISSING_TRANSITION_TARGET: State \"A\" is not reachable. at /States/A"},
      {R"({"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"},
          "C":{"Type":"Pass","Next":"A"}}})",
       "MISSING_END_STATE: Workflow has no terminal state"},
      {R"({"StartAt":"A","States":{"A":{"Type":"Pass","Next":"NOPE"}}})",
       "MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Next, "
       "MISSING_END_STATE: Workflow has no terminal state"},
      {R"({"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[
          {"Variable":"$.a","IsNull":true,"Next":"x"}],"Default":"y"},
          "T":{"Type":"Task","Resource":"arn:aws:states:::a:b","End":true,
               "Catch":[{"ErrorEquals":["States.ALL"],"Next":"z"}]}}})",
       "MISSING_TRANSITION_TARGET: Missing 'Next' target: x at /States/C/Choices[0]/Next, "
       "MISSING_TRANSITION_TARGET: Missing 'Next' target: y at /States/C/Default, "
       "MISSING_TRANSITION_TARGET: Missing 'Next' target: z at /States/T/Catch[0]/Next, "
       "MISSING_TRANSITION_TARGET: State \"T\" is not reachable. at /States/T"},
  });
}

std::string at_s(const std::string& message, const std::string& below = "") {
  return "SCHEMA_VALIDATION_FAILED: " + message + " at /States/S" + below;
}

std::string no_expression(const std::string& field) {
  return "The value for the field '" + field +
         "' must be a valid JSONPath or a valid intrinsic function call";
}

TEST(Parse, EveryStatesFields) {
  check({
      {with_state(R"("End":true)"), at_s("These fields are required: [Type]")},
      {with_state(R"("Type":"Nap","End":true)"),
       at_s("Field should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, "
            "Parallel, Map]",
            "/Type")},
      {with_state(R"("Type":"Parallel","Branches":[],"End":true)"),
       at_s("Value cannot be empty", "/Branches")},
      {with_state(R"("Type":"Map","End":true)"),
       at_s("One of these fields is required: [ItemProcessor, Iterator]")},
      {with_state(R"("Type":"Pass")"), at_s("One of these fields is required: [Next, End]")},
      {with_state(R"("Type":"Pass","Next":"S","End":true)"),
       at_s("Only one of these fields is allowed: [Next, End]")},
      {with_state(R"("Type":"Pass","End":true,"Catch":[],"Retry":[],"TimeoutSeconds":1)"),
       at_s("Field 'Catch' is not supported") + ", " + at_s("Field 'Retry' is not supported") +
           ", " + at_s("Field 'TimeoutSeconds' is not supported")},
      {with_state(R"("Type":"Succeed","End":true)"), at_s("Field 'End' is not supported")},
      {with_state(R"("Type":"Pass","End":true,"Output":"{% 1 %}")"),
       at_s("The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the "
            "'JSONata' QueryLanguage")},
      {with_state(R"("Type":"Pass","End":true,"Assign":{"a":1})"),
       at_s("Variables are not supported here: field 'Assign'")},
      {with_state(R"("Type":"Pass","End":true,"InputPath":"a","OutputPath":7)"),
       at_s("The value for the field 'InputPath' must be a valid JSONPath", "/InputPath") + ", " +
           at_s("Expected value of type String", "/OutputPath")},
      {with_state(R"("Type":"Pass","End":true,"ResultPath":"$.a[*]")"),
       at_s("The value for the field 'ResultPath' must be a valid Reference Path", "/ResultPath")},
      {with_state(R"("Type":"Pass","End":true,"ResultPath":"$$.a")"),
       at_s("The value for the field 'ResultPath' must be a valid Reference Path", "/ResultPath")},
      {with_state(R"("Type":"Pass","End":true,"Parameters":{"a.$":"b","c":[{"d.$":7}]})"),
       at_s(no_expression("a.$"), "/Parameters") + ", " +
           at_s(no_expression("d.$"), "/Parameters/c[0]")},
      {with_state(R"("Type":"Pass","End":true,"Parameters":{"v.$":"$x.y"})"),
       at_s("Variables are not supported here: the field 'v.$' reads '$x.y'", "/Parameters")},
      {with_state(R"("Type":"Wait","End":true)"),
       at_s("Exactly one of these fields is required: [Seconds, SecondsPath, Timestamp, "
            "TimestampPath]")},
      {with_state(R"("Type":"Wait","End":true,"Seconds":1,"SecondsPath":"$.a")"),
       at_s("Exactly one of these fields is required: [Seconds, SecondsPath, Timestamp, "
            "TimestampPath]")},
      {with_state(R"("Type":"Wait","End":true,"Seconds":-1)"),
       at_s("Value must be between 0 and 99999999", "/Seconds")},
      {with_state(R"("Type":"Wait","End":true,"Seconds":1.5)"),
       at_s("Expected value of type Integer", "/Seconds")},
      {with_state(R"("Type":"Wait","End":true,"Timestamp":"tomorrow")"),
       at_s("Value is not a valid ISO-8601 extended offset date-time format string", "/Timestamp")},
      {with_state(R"("Type":"Wait","End":true,"Seconds":0)"), ""},
      {with_state(R"("Type":"Fail","Error":"a","ErrorPath":"$.e")"),
       at_s("Only one of these fields is allowed: [Error, ErrorPath]")},
      {with_state(R"("Type":"Fail","InputPath":"$")"), at_s("Field 'InputPath' is not supported")},
  });
}

TEST(Parse, Tasks) {
  check({
      {with_state(kTask), ""},
      {with_state(R"("Type":"Task","End":true)"), at_s("These fields are required: [Resource]")},
      {with_state(kTask + R"(,"TimeoutSeconds":5,"TimeoutSecondsPath":"$.t")"),
       at_s("Only one of these fields is allowed: [TimeoutSeconds, TimeoutSecondsPath]")},
      {with_state(kTask + R"(,"TimeoutSeconds":5,"HeartbeatSeconds":5)"),
       at_s("Value must be smaller than TimeoutSeconds", "/HeartbeatSeconds")},
      {with_state(kTask + R"(,"Credentials":{})"), 
       at_s("These fields are required: [RoleArn]", "/Credentials")},
      {with_state(kTask + R"(,"Credentials":{"RoleArn":"a","RoleArn.$":"b","X":1})"),
       at_s("Field 'X' is not supported", "/Credentials") + ", " +
           at_s("Only one of these fields is allowed: [RoleArn, RoleArn.$]", "/Credentials") +
           ", " + at_s(no_expression("RoleArn.$"), "/Credentials")},
      {with_state(kTask + R"(,"Retry":[{"ErrorEquals":[]}])"),
       at_s("Value cannot be empty", "/Retry[0]/ErrorEquals")},
      {with_state(kTask + R"(,"Retry":[{}],"Catch":[{"ErrorEquals":["a"]}])"),
       at_s("These fields are required: [ErrorEquals]", "/Retry[0]") + ", " +
           at_s("These fields are required: [Next]", "/Catch[0]")},
      {with_state(kTask + R"(,"Retry":[{"ErrorEquals":["States.ALL","a"]}])"),
       at_s("States.ALL must appear alone", "/Retry[0]/ErrorEquals")},
      {with_state(kTask + R"(,"Retry":[{"ErrorEquals":["States.ALL"]},{"ErrorEquals":["a"]}])"),
       at_s("States.ALL must appear in the last entry", "/Retry[0]/ErrorEquals")},
      {with_state(kTask + R"(,"Retry":[{"ErrorEquals":["a"],"IntervalSeconds":0,"MaxAttempts":-1,
          "BackoffRate":0.5,"JitterStrategy":"SOME","MaxDelaySeconds":1,"x":1}])"),
       at_s("Field 'x' is not supported", "/Retry[0]") + ", " +
           at_s("Value must be between 1 and 99999999", "/Retry[0]/IntervalSeconds") + ", " +
           at_s("Value must be between 0 and 99999999", "/Retry[0]/MaxAttempts") + ", " +
           at_s("Value must be at least 1", "/Retry[0]/BackoffRate") + ", " +
           at_s("Value must be greater than IntervalSeconds", "/Retry[0]/MaxDelaySeconds") + ", " +
           at_s("Field should have one of these values: [FULL, NONE]", "/Retry[0]/JitterStrategy")},
      {with_state(kTask + R"(,"Retry":[{"ErrorEquals":["a"],"MaxAttempts":0,"BackoffRate":1.5,
          "MaxDelaySeconds":60,"JitterStrategy":"NONE"}])"),
       ""},
      {with_state(kTask + R"(,"Retry":[],"Catch":[])"), ""},
  });
  EXPECT_EQ(parse_resource("arn:aws:states:::sagemaker:createTrainingJob.sync").pattern, "sync");
  EXPECT_EQ(parse_resource("arn:aws:lambda:us-east-1:1:function:f").service, "");
}

TEST(Parse, IntrinsicFunctions) {
  check({
      {with_state(R"x("Type":"Pass","End":true,"Parameters":{"a.$":"States.UUID()",
          "b":{"c.$":"States.Format('\\'{}\\'', $.x)"},"d":"States.Nope("})x"),
       ""},
      {with_state(kTask + R"x(,"ResultSelector":{"a.$":"States.ArrayLength($.l)"})x"), ""},
      {with_state(R"x("Type":"Fail","ErrorPath":"States.Format('{}', $.e)",
          "CausePath":"States.JsonToString($)")x"),
       ""},
      {with_state(R"x("Type":"Pass","End":true,"Parameters":{"a.$":"States.Nope()",
          "b":[{"c.$":"States.UUID(1)"}],"d.$":"States.Array(1","e.$":"States.Format('it's')"})x"),
       at_s(no_expression("a.$"), "/Parameters") + ", " +
           at_s(no_expression("c.$"), "/Parameters/b[0]") + ", " +
           at_s(no_expression("d.$"), "/Parameters") + ", " +
           at_s(no_expression("e.$"), "/Parameters")},
      {with_state(R"x("Type":"Pass","End":true,"Parameters":{"v.$":"States.Array($x.y)"})x"),
       at_s("Variables are not supported here: the field 'v.$' reads '$x.y'", "/Parameters")},
      {with_state(R"x("Type":"Fail","ErrorPath":"States.Format()","CausePath":"x")x"),
       at_s(no_expression("ErrorPath"), "/ErrorPath") + ", " +
           at_s(no_expression("CausePath"), "/CausePath")},
      // Only there.
      {with_state(R"x("Type":"Pass","End":true,"InputPath":"States.Array()",
          "OutputPath":"States.Array()","ResultPath":"States.Array()")x"),
       at_s("The value for the field 'InputPath' must be a valid JSONPath", "/InputPath") + ", " +
           at_s("The value for the field 'OutputPath' must be a valid JSONPath", "/OutputPath") +
           ", " +
           at_s("The value for the field 'ResultPath' must be a valid JSONPath", "/ResultPath")},
      {with_state(kTask + R"x(,"TimeoutSecondsPath":"States.MathAdd(1, 2)")x"),
       at_s("The value for the field 'TimeoutSecondsPath' must be a valid JSONPath",
            "/TimeoutSecondsPath")},
      {with_state(R"x("Type":"Wait","End":true,"SecondsPath":"States.MathAdd(1, 2)")x"),
       at_s("The value for the field 'SecondsPath' must be a valid JSONPath", "/SecondsPath")},
  });
}

std::string with_rule(const std::string& rule) {
  return R"({"StartAt":"S","States":{"S":{"Type":"Choice","Choices":[)" + rule +
         R"(]},"E":{"Type":"Succeed"}}})";
}

TEST(Parse, ChoiceRules) {
  const std::string kOne =
      "A choice rule needs exactly one comparison operator, or one of [And, "
      "Or, Not]";
  check({
      {with_rule(R"({"Variable":"$.a","IsNull":true,"Next":"E"})"), ""},
      {with_rule(R"({"Variable":"$.a","StringEqualsPath":"$.b","Next":"E"})"), ""},
      {with_rule(R"({"And":[{"Variable":"$.a","NumericEquals":1}],"Next":"E"})"), ""},
      {with_rule(R"({"Variable":"$.a","Next":"E"})"), at_s(kOne, "/Choices[0]")},
      {with_rule(R"({"Variable":"$.a","IsNull":true,"IsString":true,"Next":"E"})"),
       at_s(kOne, "/Choices[0]")},
      {with_rule(R"({"IsNull":true,"Next":"E"})"),
       at_s("These fields are required: [Variable]", "/Choices[0]")},
      {with_rule(R"({"Variable":"$.a","IsNull":1,"Next":"E"})"),
       at_s("Expected value of type Boolean", "/Choices[0]/IsNull")},
      {with_rule(R"({"Variable":"$.a","NumericEquals":"1","Next":"E"})"),
       at_s("Expected value of type Number", "/Choices[0]/NumericEquals")},
      {with_rule(R"({"Variable":"$.a","TimestampEquals":"x","Next":"E"})"),
       at_s("Value is not a valid ISO-8601 extended offset date-time format string",
            "/Choices[0]/TimestampEquals")},
      {with_rule(R"({"Variable":"a","StringEqualsPath":"b","Next":"E"})"),
       at_s("The value for the field 'Variable' must be a valid JSONPath", "/Choices[0]/Variable") +
           ", " +
           at_s("The value for the field 'StringEqualsPath' must be a valid JSONPath",
                "/Choices[0]/StringEqualsPath")},
      {with_rule(R"({"Not":{"Variable":"$.a","IsNull":true,"Next":"E"},"Next":"E"})"),
       at_s("Field 'Next' is only supported at the top of a choice rule", "/Choices[0]/Not")},
      {with_rule(R"({"Or":[],"Next":"E"})"), at_s("Value cannot be empty", "/Choices[0]/Or")},
      {with_rule(R"({"Or":[{"Variable":"$.a","IsNul":true}],"Next":"E"})"),
       at_s("Field 'IsNul' is not supported", "/Choices[0]/Or[0]") + ", " +
           at_s(kOne, "/Choices[0]/Or[0]")},
      {R"({"StartAt":"S","States":{"S":{"Type":"Choice","Choices":[],"Default":"E"},
          "E":{"Type":"Succeed"}}})",
       at_s("Value cannot be empty", "/Choices")},
  });
}

TEST(Parse, DeepAndOddInputIsRefusedQuietly) {
  std::string deep(200, '[');
  EXPECT_NE(problems_of(deep), "");
  std::string rule = R"({"Variable":"$.a","IsNull":true})";
  for (int i = 0; i < 60; ++i) rule = R"({"Not":)" + rule + "}";
  rule.insert(rule.size() - 1, R"(,"Next":"E")");
  EXPECT_NE(problems_of(with_rule(rule)), "");
  EXPECT_NE(problems_of(with_state(R"("Type":"Pass","End":true,"InputPath":"$[?()" +
                                   std::string(40, '!') + R"x(@.a)]")x")),
            "");
}

/// Definitions with bytes changed, dropped and doubled: each is refused or runs without a crash.
TEST(Parse, MutatedDefinitionsAreRefusedOrRun) {
  const std::string kWhole = R"x({"StartAt":"T","TimeoutSeconds":9,"States":{
    "T":{"Type":"Task","Resource":"arn:aws:states:::a:b","Parameters":{"n.$":"$..a[?(@.b>1)]"},
      "Retry":[{"ErrorEquals":["E"],"MaxAttempts":1,"BackoffRate":1.5}],"ResultPath":"$.a.b[0]",
      "Catch":[{"ErrorEquals":["States.ALL"],"Next":"C"}],"Next":"C"},
    "C":{"Type":"Choice","Choices":[{"Not":{"Variable":"$.x['y']","IsPresent":true},"Next":"W"}],
      "Default":"F"},
    "W":{"Type":"Wait","SecondsPath":"$.s","Next":"P"},
    "P":{"Type":"Pass","InputPath":"$.a[0:1]","Parameters":{"i.$":"States.Array(1, $, 'x\\'')"},
      "Result":[1.5,null],"End":true},
    "F":{"Type":"Fail","Error":"x"}}})x";
  SeededRandom random(11);
  int ran = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = mutated(kWhole, random);
    if (!parse_machine(text).problems.empty()) continue;
    ++ran;
    Runner run(text, R"({"a":{"b":[5]},"s":3})");
    if (i % 2) run.answer = [](const CallTask& call) { return fails(call.call, "E"); };
    run.go();
    EXPECT_TRUE(run.ended.has_value()) << text;
  }
  EXPECT_GT(ran, 500);
}

TEST(Parse, StatesInsideOfStates) {
  const std::string inner = R"({"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}})";
  check({
      {with_state(R"("Type":"Parallel","End":true,"Branches":[)" + inner + R"(,7])"),
       at_s("Expected value of type Object", "/Branches[1]")},
      {with_state(R"("Type":"Parallel","End":true,"Branches":[{"States":{}}])"),
       at_s("These fields are required: [StartAt]", "/Branches[0]") + ", " +
           at_s("Value cannot be empty", "/Branches[0]/States")},
      {with_state(R"("Type":"Parallel","End":true,"Branches":[)" + inner + "," + inner + "]"),
       "DUPLICATE_STATE_NAME: Duplicate state name: P at /States/S/Branches[1]/States/P"},
      {with_state(R"("Type":"Parallel","End":true,"Branches":[{"StartAt":"S","States":)"
                  R"({"S":{"Type":"Pass","End":true}}}])"),
       "DUPLICATE_STATE_NAME: Duplicate state name: S at /States/S/Branches[0]/States/S"},
      {with_state(R"("Type":"Map","End":true,"ItemProcessor":{"StartAt":"P","States":)"
                  R"({"P":{"Type":"Pass","Next":"S"}}})"),
       "MISSING_TRANSITION_TARGET: Missing 'Next' target: S at "
       "/States/S/ItemProcessor/States/P/Next, MISSING_END_STATE: Workflow has no terminal state "
       "at /States/S/ItemProcessor"},
      {with_state(R"("Type":"Map","End":true,"Iterator":)" + inner + R"(,"ItemProcessor":)" +
                  inner),
       at_s("Only one of these fields is allowed: [ItemProcessor, Iterator]")},
      {with_state(R"("Type":"Map","End":true,"MaxConcurrency":-1,"Iterator":)" + inner),
       at_s("Value must be between 0 and 99999999", "/MaxConcurrency")},
      {with_state(R"("Type":"Map","End":true,"ItemReader":{},"ItemProcessor":{"ProcessorConfig":)"
                  R"({"Mode":"DISTRIBUTED"},)" +
                  inner.substr(1)),
       at_s("Map states of mode 'DISTRIBUTED' are not supported here",
            "/ItemProcessor/ProcessorConfig/Mode")},
      {with_state(R"("Type":"Map","End":true,"ItemReader":{},"ItemProcessor":)" + inner),
       at_s("Field 'ItemReader' is only supported for the mode 'DISTRIBUTED'")},
  });
}

}  // namespace
}  // namespace trainyard::asl
