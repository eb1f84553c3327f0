#include <set>

#include "asl/asl_testing.hpp"
#include "base/error.hpp"

namespace trainyard::asl {
namespace {

TEST(Step, PipelineAsStepFunctionsWritesIt) {
  Runner run(R"({"StartAt":"Training","States":{
    "Training":{"Type":"Task","Resource":"arn:aws:states:::sagemaker:createTrainingJob.sync",
      "Parameters":{"TrainingJobName.$":"$$.Execution.Input['Training'].Name","Fixed":[1.5]},
      "TimeoutSeconds":60,"Next":"Create Model"},
    "Create Model":{"Type":"Task","Resource":"arn:aws:states:::sagemaker:createModel",
      "Parameters":{"ModelName.$":"$$.Execution.Input['Create Model'].Name",
                    "Url.$":"$['Artifacts']['S3']"},"End":true}}})",
             R"({ "Training": {"Name": "job"}, "Create Model": {"Name": "model"}})");
  run.answer = [&](const CallTask& call) -> std::optional<Event> {
    if (call.resource.pattern != "sync") {
      return TaskAnswered{call.call, {json::object{{"ModelArn", "m"}, {"SdkHttpMetadata", 1}}, {}}};
    }
    EXPECT_EQ(call.call.text(), "2.0");
    return TaskSubmitted{call.call, json::object{{"TrainingJobArn", "j"}, {"SdkHttpMetadata", 1}}};
  };
  run.take(Started{});
  run.advance();
  EXPECT_EQ(run.timers.size(), 1u);
  run.go(TaskCompleted{{2, 0}, {json::object{{"Artifacts", {{"S3", "s3://b/k"}}}}, {}}});
  EXPECT_EQ(run.types(),
            "1<0 ExecutionStarted\n2<0 TaskStateEntered\n3<2 TaskScheduled\n4<3 TaskStarted\n"
            "5<4 TaskSubmitted\n6<5 TaskSucceeded\n7<6 TaskStateExited\n8<7 TaskStateEntered\n"
            "9<8 TaskScheduled\n10<9 TaskStarted\n11<10 TaskSucceeded\n12<11 TaskStateExited\n"
            "13<12 ExecutionSucceeded\n");
  EXPECT_EQ(
      dump(to_json(run.history[0])),
      R"({"id":1,"previousEventId":0,"type":"ExecutionStarted","executionStartedEventDetails":)"
      R"({"roleArn":"arn:aws:iam::000000000000:role/Flow","input":"{ \"Training\": )"
      R"({\"Name\": \"job\"}, \"Create Model\": {\"Name\": \"model\"}}",)"
      R"("inputDetails":{"truncated":false}}})");
  EXPECT_EQ(
      dump(to_json(run.history[2])),
      R"({"id":3,"previousEventId":2,"type":"TaskScheduled","taskScheduledEventDetails":)"
      R"({"resourceType":"sagemaker","resource":"createTrainingJob.sync","region":"us-east-1",)"
      R"("timeoutInSeconds":60,"parameters":"{\"TrainingJobName\":\"job\",\"Fixed\":[1.5]}"}})");
  EXPECT_EQ(dump(to_json(run.history[3])),
            R"({"id":4,"previousEventId":3,"type":"TaskStarted","taskStartedEventDetails":)"
            R"({"resourceType":"sagemaker","resource":"createTrainingJob.sync"}})");
  EXPECT_EQ(dump(to_json(run.history[4])),
            R"({"id":5,"previousEventId":4,"type":"TaskSubmitted","taskSubmittedEventDetails":)"
            R"({"resourceType":"sagemaker","resource":"createTrainingJob.sync","output":)"
            R"("{\"TrainingJobArn\":\"j\",\"SdkHttpMetadata\":1}",)"
            R"("outputDetails":{"truncated":false}}})");
  EXPECT_EQ(dump(to_json(run.history[6])),
            R"({"id":7,"previousEventId":6,"type":"TaskStateExited","stateExitedEventDetails":)"
            R"({"name":"Training","output":"{\"Artifacts\":{\"S3\":\"s3://b/k\"}}",)"
            R"("outputDetails":{"truncated":false}}})");
  EXPECT_EQ(run.ended->output, R"({"ModelArn":"m","SdkHttpMetadata":1})");
  EXPECT_EQ(run.snapshot.status, Status::succeeded);
  EXPECT_TRUE(run.timers.empty());
}

struct FailureCase {
  const char* state;
  const char* input;
  const char* details;  // of ExecutionFailed
};

TEST(Step, TextsOfRuntimeErrors) {
  const FailureCase kCases[] = {
      {R"("Type":"Pass","InputPath":"$.a","End":true)", R"({"b":1.5})",
       R"(The JSONPath '$.a' specified for the field 'InputPath' could not be found in the input )"
       R"('{"b":1.5}')"},
      {R"("Type":"Pass","OutputPath":"$.a","End":true)", "{}",
       "The JSONPath '$.a' specified for the field 'OutputPath' could not be found in the input "
       "'{}'"},
      {R"("Type":"Pass","Parameters":{"X":{"Y.$":"$.a"}},"End":true)", "{}",
       "The JSONPath '$.a' specified for the field 'Y.$' could not be found in the input '{}'"},
      {R"("Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true,"Next":"S"},
          {"Not":{"Variable":"$.a","IsNull":true},"Next":"E"}])",
       "{}", "Invalid path '$.a': The choice state's condition path references an invalid value."},
      {R"("Type":"Choice","Choices":[{"Variable":"$.a","IsPresent":true,"Next":"E"}])", "{}",
       "Failed to transition out of the state. The state does not point to a next state."},
      {R"("Type":"Wait","SecondsPath":"$.a","End":true)", R"({"a":1.5})",
       "The SecondsPath parameter cannot be parsed as a long value: $.a == 1.5"},
      {R"("Type":"Wait","TimestampPath":"$.a","End":true)", R"({"a":"2016-3-14T01:59:00"})",
       "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time "
       "format string: $.a == 2016-3-14T01:59:00"},
      {R"("Type":"Fail","ErrorPath":"$.a")", R"({"a":1})",
       "The ErrorPath parameter does not reference a string: $.a == 1"},
  };
  for (const auto& test : kCases) {
    std::string ends = std::string(test.state).find("\"E\"") != std::string::npos
                           ? R"(,"E":{"Type":"Succeed"})"
                           : "";
    Runner run(R"({"StartAt":"S","States":{"S":{)" + std::string(test.state) + "}" + ends + "}}",
               test.input);
    run.go();
    json::object expected{
        {"error", "States.Runtime"},
        {"cause", "An error occurred while executing the state 'S' (entered at the event id #2). " +
                      std::string(test.details)}};
    EXPECT_EQ(run.last("ExecutionFailed"), dump(expected)) << test.state;
    EXPECT_EQ(run.history.size(), 3u);
    EXPECT_EQ(run.history.back().previous, 2);
  }
}

TEST(Step, PastTheEndOfAnArrayThereIsNull) {
  Runner run(one_state(R"("Type":"Pass","Parameters":{"a.$":"$.l[2]","b.$":"$.l[0]"},"End":true)"),
             R"({"l":[1]})");
  run.go();
  EXPECT_EQ(run.ended->output, R"({"a":null,"b":1})");
  Runner deeper(one_state(R"("Type":"Pass","Parameters":{"a.$":"$.l[2].x"},"End":true)"),
                R"({"l":[1]})");
  deeper.go();
  EXPECT_EQ(deeper.snapshot.status, Status::failed);
}

TEST(Step, AHeartbeatThatNobodySendsIsATimeout) {
  Runner run(lone_task(R"("HeartbeatSeconds":5)", kSync));
  run.answer = [](const CallTask& call) { return TaskSubmitted{call.call, json::object{}}; };
  run.go();
  EXPECT_EQ(run.last("ExecutionFailed"), R"({"error":"States.HeartbeatTimeout"})");
}

TEST(Step, AnExecutionThatTimesOutTellsSoInItsHistoryOnly) {
  Runner run(R"({"StartAt":"W","TimeoutSeconds":3,"States":{"W":{"Type":"Wait","Seconds":25,)"
             R"("End":true}}})");
  run.go();
  EXPECT_EQ(run.types(), "1<0 ExecutionStarted\n2<0 WaitStateEntered\n3<0 ExecutionTimedOut\n");
  EXPECT_EQ(run.last("ExecutionTimedOut"), R"({"error":"States.Timeout"})");
  EXPECT_FALSE(run.ended->error.has_value());
}

TEST(Step, DataFlow) {
  struct {
    const char* state;
    const char* output;
  } kCases[] = {
      {R"("Type":"Pass","End":true)", R"({"a":{"b":[1,2,3]},"n":null})"},
      {R"("Type":"Pass","InputPath":null,"End":true)", "{}"},
      {R"("Type":"Pass","OutputPath":null,"End":true)", "{}"},
      {R"("Type":"Pass","InputPath":"$.a","End":true)", R"({"b":[1,2,3]})"},
      {R"("Type":"Pass","InputPath":"$.n","End":true)", "null"},
      {R"("Type":"Pass","Result":{"r":1},"ResultPath":"$.x.y","End":true)",
       R"({"a":{"b":[1,2,3]},"n":null,"x":{"y":{"r":1}}})"},
      {R"("Type":"Pass","Result":{"r":1},"ResultPath":null,"End":true)",
       R"({"a":{"b":[1,2,3]},"n":null})"},
      {R"("Type":"Pass","Result":9,"ResultPath":"$.a.b[1]","OutputPath":"$.a.b","End":true)",
       "[1,9,3]"},
      {R"("Type":"Pass","Parameters":{"k.$":"$.a.b[-1]","l":[{"m.$":"$.a.b[0:2]"}],"lit":"$.a"},
          "End":true)",
       R"({"k":3,"l":[{"m":[1,2]}],"lit":"$.a"})"},
      {R"("Type":"Pass","Parameters":{"id.$":"$$.Execution.Name","s.$":"$$.State.Name",
          "in.$":"$$.Execution.Input.n","t.$":"$$.Execution.StartTime"},"End":true)",
       R"({"id":"run","s":"S","in":null,"t":"2023-11-14T22:13:20.000Z"})"},
      {R"("Type":"Succeed","InputPath":"$.a.b")", "[1,2,3]"},
      {R"("Type":"Wait","Seconds":3,"OutputPath":"$.a.b[0]","End":true)", "1"},
      {R"("Type":"Wait","Timestamp":"2001-01-01T00:00:00Z","InputPath":"$.a","End":true)",
       R"({"b":[1,2,3]})"},
  };
  for (const auto& test : kCases) {
    Runner run(one_state(test.state), R"({"a":{"b":[1,2,3]},"n":null})");
    run.go();
    ASSERT_TRUE(run.ended) << test.state;
    EXPECT_EQ(run.ended->output, test.output) << test.state << run.text();
  }
}

TEST(Step, IntrinsicFunctionsInEveryFieldThatTakesThem) {
  Runner run(lone_task(R"x("Parameters":{"Name.$":"States.Format('{}-{}', $.p, $$.Execution.Name)",
        "Tags":[{"N.$":"States.MathAdd($.n, 1)"}]},
      "ResultSelector":{"Ops.$":"States.Array($.Done)"})x"),
             R"({"p":"job","n":41})");
  run.go();
  EXPECT_NE(run.last("TaskScheduled")
                .find(R"("parameters":"{\"Name\":\"job-run\",\"Tags\":[{\"N\":42}]}")"),
            std::string::npos)
      << run.last("TaskScheduled");
  EXPECT_EQ(run.ended->output, R"({"Ops":["createModel"]})");
  EXPECT_EQ(Runner(one_state(R"x("Type":"Fail","ErrorPath":"States.Format('E{}', $.n)",
                "CausePath":"States.JsonToString($)")x"),
                   R"({"n":1})")
                .go()
                .last("ExecutionFailed"),
            R"({"error":"E1","cause":"{\"n\":1}"})");
}

TEST(Step, AnIntrinsicFailureIsRetriedCaughtOrEndsTheExecution) {
  const std::string kText =
      "An error occurred while executing the state 'T' (entered at the event id #2). The function "
      "'States.ArrayGetItem($.l, 5)' had the following error: Invalid arguments in "
      "States.ArrayGetItem: there is no item 5 among 1";
  const std::string kCalls = R"x("Parameters":{"a.$":"States.ArrayGetItem($.l, 5)"})x";
  for (const char* name : {"States.IntrinsicFailure", "States.ALL", "States.TaskFailed"}) {
    Runner run(one_task(kCalls + R"(,"Retry":[{"ErrorEquals":["States.IntrinsicFailure"],
                   "IntervalSeconds":3,"MaxAttempts":1}],
                 "Catch":[{"ErrorEquals":[")" + name + R"("],"ResultPath":"$.e","Next":"Caught"}])"),
               R"({"l":[0]})");
    Time begin = run.now;
    run.go();
    EXPECT_EQ(run.types(),
              "1<0 ExecutionStarted\n2<0 TaskStateEntered\n3<2 TaskStateExited\n"
              "4<3 PassStateEntered\n5<4 PassStateExited\n6<5 ExecutionSucceeded\n");
    EXPECT_EQ(run.now - begin, std::chrono::seconds(3));
    EXPECT_EQ(run.ended->output,
              dump(json::object{
                  {"l", {0}}, {"e", {{"Error", "States.IntrinsicFailure"}, {"Cause", kText}}}}));
  }
  EXPECT_EQ(Runner(lone_task(kCalls), R"({"l":[0]})").go().last("ExecutionFailed"),
            dump(json::object{{"error", "States.IntrinsicFailure"}, {"cause", kText}}));
  // Of the result, after the task; and where nothing can be caught.
  Runner selected(lone_task(R"x("ResultSelector":{"a.$":"States.ArrayLength($)"})x"));
  EXPECT_EQ(selected.go().types(),
            "1<0 ExecutionStarted\n2<0 TaskStateEntered\n3<2 TaskScheduled\n4<3 TaskStarted\n"
            "5<4 TaskSucceeded\n6<5 ExecutionFailed\n");
  for (const char* fields :
       {R"x("Type":"Pass","End":true,"Parameters":{"a.$":"States.MathAdd($, 1)"})x",
        R"x("Type":"Fail","CausePath":"States.StringSplit($, ',')")x"}) {
    EXPECT_NE(Runner(one_state(fields)).go().last("ExecutionFailed").find("IntrinsicFailure"),
              std::string::npos)
        << fields;
  }
}

TEST(Step, APathOfACallThatLeadsNowhereIsNotCaught) {
  Runner run(one_task(R"x("Parameters":{"a.$":"States.Array(States.Array($.nope))"},
                 "Catch":[{"ErrorEquals":["States.ALL"],"Next":"Caught"}])x"),
             R"({"b":1})");
  EXPECT_EQ(run.go().last("ExecutionFailed"),
            R"({"error":"States.Runtime","cause":"An error occurred while executing the state 'T' )"
            R"x((entered at the event id #2). The function 'States.Array(States.Array($.nope))' )x"
            R"(had the following error: The JsonPath argument for the field '$.nope' could not be )"
            R"(found in the input '{\"b\":1}'"})");
}

TEST(Step, TheSameSeedGivesTheSameIdentifiers) {
  auto output = [](uint64_t seed) {
    Runner run(one_state(R"x("Type":"Pass","End":true,"Parameters":{"id.$":"States.UUID()",
        "n.$":"States.MathRandom(0, 1000000)","s.$":"States.MathRandom(0, 1000000, 7)"})x"));
    run.random = SeededRandom(seed);
    return parse_own_json(run.go().ended->output).as_object();
  };
  EXPECT_EQ(output(1), output(1));
  EXPECT_NE(output(1)["id"], output(2)["id"]);
  EXPECT_NE(output(1)["n"], output(2)["n"]);
  EXPECT_EQ(output(1)["s"], output(2)["s"]);
}

TEST(Step, TaskResultIsSelectedPlacedAndFiltered) {
  Runner run(
      lone_task(R"("ResultSelector":{"Op.$":"$.Done"},"ResultPath":"$.r","OutputPath":"$.r")"),
      R"({"a":1})");
  run.go();
  EXPECT_EQ(run.ended->output, R"({"Op":"createModel"})");
  EXPECT_EQ(run.last("TaskSucceeded"),
            R"({"resourceType":"sagemaker","resource":"createModel","output":)"
            R"("{\"Done\":\"createModel\"}","outputDetails":{"truncated":false}})");
}

TEST(Step, WaitEndsAtItsTime) {
  Runner run(one_state(R"("Type":"Wait","SecondsPath":"$.s","End":true)"), R"({"s":90})");
  Time begin = run.now;
  run.go();
  EXPECT_EQ(run.now - begin, std::chrono::seconds(90));
  EXPECT_EQ(run.types(),
            "1<0 ExecutionStarted\n2<0 WaitStateEntered\n3<2 WaitStateExited\n"
            "4<3 ExecutionSucceeded\n");
}

TEST(Step, FailHasErrorAndCauseOrNeither) {
  EXPECT_EQ(Runner(one_state(R"("Type":"Fail","Error":"E","CausePath":"$.c")"), R"({"c":"why"})")
                .go()
                .last("ExecutionFailed"),
            R"({"error":"E","cause":"why"})");
  Runner bare(one_state(R"("Type":"Fail")"));
  EXPECT_EQ(bare.go().last("ExecutionFailed"), "{}");
  EXPECT_EQ(bare.types(), "1<0 ExecutionStarted\n2<0 FailStateEntered\n3<2 ExecutionFailed\n");
}

TEST(Step, RepeatedAndStaleEventsDoNoHarm) {
  auto run_with = [](bool disturbed) {
    Runner run(lone_task("", kSync));
    run.answer = [](const CallTask&) { return std::optional<Event>(); };
    TaskCompleted completed{{2, 0}, {json::object{{"Status", "Completed"}}, {}}};
    TaskSubmitted submitted{{2, 0}, json::object{{"Arn", "a"}}};
    run.take(Started{});
    if (disturbed) {
      run.take(Started{});
      run.take(TaskCompleted{{2, 1}, {}});
      run.take(TimerFired{"timeout:2.0"});
      run.take(TimerFired{"wait:2"});
      run.take(completed);  // of a job that was not submitted
      run.take(submitted);
      run.take(submitted);
    } else {
      run.take(submitted);
    }
    run.take(completed);
    run.take(completed);
    return run.text();
  };
  EXPECT_EQ(run_with(true), run_with(false));
  EXPECT_NE(run_with(true).find("ExecutionSucceeded"), std::string::npos);
}

TEST(Step, PathsThatLookAtTooMuchEndTheExecution) {
  std::string deep = "1";
  for (int i = 0; i < 80; ++i) deep = "[" + deep + R"(,{"x":1},[2]])";
  const std::string path = "$..[?(@..[?(@..[?(@..x)])])]";
  for (const std::string& state :
       {R"({"Type":"Pass","InputPath":")" + path + R"(","Next":"End"})",
        R"({"Type":"Pass","Parameters":{"x.$":")" + path + R"("},"Next":"End"})",
        R"({"Type":"Choice","Choices":[{"Variable":")" + path +
            R"(","IsPresent":true,"Next":"End"}]})"}) {
    Runner run(R"({"StartAt":"S","States":{"End":{"Type":"Succeed"},"S":)" + state + "}}", deep);
    run.go();
    EXPECT_NE(run.last("ExecutionFailed").find("States.Runtime"), std::string::npos) << state;
    EXPECT_NE(run.last("ExecutionFailed").find("look at too many values"), std::string::npos);
  }
}

TEST(Step, TooMuchDataIsAnError) {
  std::string big(kPayloadBytesMax, 'x');
  Runner run(one_task(R"("Catch":[{"ErrorEquals":["States.DataLimitExceeded"],"Next":"Caught"}])"));
  run.answer = [&](const CallTask& call) -> std::optional<Event> {
    return TaskAnswered{call.call, {json::object{{"x", big}}, {}}};
  };
  run.go();
  EXPECT_EQ(run.last("TaskFailed"),
            R"({"resourceType":"sagemaker","resource":"createModel","error":)"
            R"("States.DataLimitExceeded","cause":"The state/task 'sagemaker' returned a result )"
            R"(with a size exceeding the maximum number of bytes service limit."})");
  EXPECT_EQ(run.snapshot.status, Status::succeeded);
  Runner doubled(one_state(R"("Type":"Pass","Parameters":{"a.$":"$.v","b.$":"$.v"},"End":true)"),
                 "{\"v\":\"" + std::string(kPayloadBytesMax / 2, 'y') + "\"}");
  EXPECT_NE(doubled.go().last("ExecutionFailed").find("States.DataLimitExceeded"),
            std::string::npos);
}

TEST(Step, AnEndlessLoopPausesAndEndsAtTheHistoryLimit) {
  Runner run(R"({"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},
    "B":{"Type":"Choice","Choices":[{"Variable":"$.end","IsPresent":true,"Next":"E"}],
         "Default":"A"},
    "E":{"Type":"Succeed"}}})");
  run.take(Started{});
  EXPECT_EQ(run.history.size(), 1u + 2 * kStepsPerTurn);
  EXPECT_EQ(run.timers.count("resume"), 1u);
  while (run.open()) run.advance();
  EXPECT_EQ(run.history.size(), static_cast<std::size_t>(kHistoryEventsMax));
  EXPECT_EQ(run.history.back().id, kHistoryEventsMax);
  EXPECT_EQ(run.last("ExecutionFailed"),
            R"({"error":"States.Runtime","cause":"The execution reached the maximum number of )"
            R"(history events (25000)."})");
  ASSERT_TRUE(run.ended);
}

TEST(Step, DataMayNeitherNestNorMultiplyWithoutEnd) {
  Runner nest(R"({"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"x.$":"$"},"Next":"B"},
    "B":{"Type":"Choice","Choices":[{"Variable":"$.end","IsPresent":true,"Next":"E"}],
         "Default":"A"},
    "E":{"Type":"Succeed"}}})",
              "{}", true);
  nest.go();
  EXPECT_NE(nest.last("ExecutionFailed").find("The data is nested deeper than 90 levels."),
            std::string::npos);
  std::string fields, names;
  for (int i = 0; i < 2'000; ++i) {
    fields += (i ? ",\"f" : "\"f") + std::to_string(i) + ".$\":\"$.v\"";
    names += i ? ",'v'" : "'v'";
  }
  std::string input = "{\"v\":\"" + std::string(200'000, 'x') + "\"}";
  Runner grow(one_state(R"("Type":"Pass","End":true,"Parameters":{)" + fields + "}"), input);
  EXPECT_NE(grow.go().last("ExecutionFailed").find("States.DataLimitExceeded"), std::string::npos);
  Runner repeat(one_state(R"("Type":"Pass","End":true,"InputPath":"$[)" + names + "]\""), input);
  EXPECT_NE(repeat.go().last("ExecutionFailed").find("States.Runtime"), std::string::npos);
}

TEST(Step, UnsupportedParameterIsARuntimeError) {
  Runner run(lone_task(""), R"({"ModelName":"m","S3Operations":1})");
  run.facts.supports_field = [](const Resource& resource, std::string_view field) {
    return resource.operation == "createModel" && field == "ModelName";
  };
  EXPECT_EQ(
      run.go().last("ExecutionFailed"),
      R"({"error":"States.Runtime","cause":"An error occurred while executing the state 'T' )"
      R"((entered at the event id #2). The Parameters '{\"ModelName\":\"m\",\"S3Operations\":)"
      R"(1}' could not be used to start the Task: [The field \"S3Operations\" is not )"
      R"(supported by Step Functions]"})");
}

}  // namespace
}  // namespace trainyard::asl
