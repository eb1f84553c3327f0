// What happens after an error: retries, catches, timeouts, and the end.
#include "asl/asl_testing.hpp"

namespace trainyard::asl {
namespace {

TEST(Step, RetriesThenCatches) {
  Runner run(one_task(R"("Retry":[{"ErrorEquals":["Other"],"MaxAttempts":9},
                 {"ErrorEquals":["Boom"],"IntervalSeconds":2,"MaxAttempts":3,"BackoffRate":3,
                  "MaxDelaySeconds":10}],
                 "Parameters":{"n.$":"$$.State.RetryCount"},
                 "Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.why","Next":"Caught"}])"),
             R"({"a":1})");
  run.answer = [](const CallTask& call) { return fails(call.call, "Boom"); };
  Time begin = run.now;
  run.go();
  EXPECT_EQ(run.types(),
            "1<0 ExecutionStarted\n2<0 TaskStateEntered\n3<2 TaskScheduled\n4<3 TaskStarted\n"
            "5<4 TaskFailed\n6<5 TaskScheduled\n7<6 TaskStarted\n8<7 TaskFailed\n"
            "9<8 TaskScheduled\n10<9 TaskStarted\n11<10 TaskFailed\n12<11 TaskScheduled\n"
            "13<12 TaskStarted\n14<13 TaskFailed\n15<14 TaskStateExited\n16<15 PassStateEntered\n"
            "17<16 PassStateExited\n18<17 ExecutionSucceeded\n");
  EXPECT_EQ(run.now - begin, std::chrono::seconds(2 + 6 + 10));
  EXPECT_NE(run.last("TaskScheduled").find(R"({\"n\":3})"), std::string::npos);
  EXPECT_EQ(run.ended->output, R"({"a":1,"why":{"Error":"Boom","Cause":"because"}})");
}

TEST(Step, JitterStaysBelowTheDelayAndFollowsTheSeed) {
  auto total = [](uint64_t seed) {
    Runner run(lone_task(R"("Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":8,
        "MaxAttempts":5,"BackoffRate":1,"JitterStrategy":"FULL"}])"));
    run.random = SeededRandom(seed);
    run.answer = [](const CallTask& call) { return fails(call.call, "Boom"); };
    Time begin = run.now;
    run.go();
    return run.now - begin;
  };
  EXPECT_EQ(total(1), total(1));
  EXPECT_NE(total(1), total(2));
  EXPECT_LT(total(1), std::chrono::seconds(40));
}

TEST(Step, WhichErrorsAreTaken) {
  struct {
    const char *pattern, *error;
    bool taken;
  } kCases[] = {
      {"Boom", "Boom", true},
      {"Boom", "Bang", false},
      {"States.ALL", "Boom", true},
      {"States.ALL", "States.Timeout", true},
      {"States.ALL", "States.Runtime", false},
      {"States.ALL", "States.DataLimitExceeded", false},
      {"States.DataLimitExceeded", "States.DataLimitExceeded", true},
      {"States.Runtime", "States.Runtime", false},
      {"States.TaskFailed", "SageMaker.AmazonSageMakerException", true},
      {"States.TaskFailed", "States.Timeout", false},
      {"States.Timeout", "States.Timeout", true},
      {"States.Timeout", "States.HeartbeatTimeout", true},
      {"States.HeartbeatTimeout", "States.HeartbeatTimeout", true},
      {"States.HeartbeatTimeout", "States.Timeout", false},
      {"States.TaskFailed", "States.HeartbeatTimeout", false},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(error_matches(test.pattern, test.error), test.taken)
        << test.pattern << " " << test.error;
  }
}

TEST(Step, TaskTimeoutStopsTheJobAndFailsTheExecution) {
  Runner run(lone_task(R"("TimeoutSecondsPath":"$.t")", kSync), R"({"t":5})");
  run.answer = [](const CallTask& call) -> std::optional<Event> {
    return TaskSubmitted{call.call, json::object{}};
  };
  run.go();
  EXPECT_EQ(run.types(),
            "1<0 ExecutionStarted\n2<0 TaskStateEntered\n3<2 TaskScheduled\n4<3 TaskStarted\n"
            "5<4 TaskSubmitted\n6<5 TaskTimedOut\n7<6 ExecutionFailed\n");
  EXPECT_EQ(run.last("TaskTimedOut"),
            R"({"resourceType":"sagemaker","resource":"createTrainingJob.sync",)"
            R"("error":"States.Timeout"})");
  EXPECT_EQ(run.last("ExecutionFailed"), R"({"error":"States.Timeout"})");
  EXPECT_EQ(run.cancelled, std::vector<std::string>{"2.0"});
}

TEST(Step, ExecutionTimeoutAndAbortStopTheJob) {
  std::string definition = lone_task("", kSync);
  definition.insert(1, R"("TimeoutSeconds":7,)");
  for (bool abort : {false, true}) {
    Runner run(definition);
    run.answer = [](const CallTask& call) -> std::optional<Event> {
      return TaskSubmitted{call.call, json::object{}};
    };
    run.take(Started{});
    run.advance();
    run.go(abort ? Event(Aborted{"E", std::nullopt}) : Event(TimerFired{"execution"}));
    EXPECT_EQ(run.history.back().type, abort ? "ExecutionAborted" : "ExecutionTimedOut");
    EXPECT_EQ(run.history.back().previous, 0);
    EXPECT_EQ(run.last("ExecutionAborted"), abort ? R"({"error":"E"})" : "");
    EXPECT_EQ(run.snapshot.status, abort ? Status::aborted : Status::timed_out);
    EXPECT_EQ(run.cancelled, std::vector<std::string>{"2.0"});
    // Nothing moves it any more.
    auto before = run.text();
    run.take(TaskCompleted{{2, 0}, {json::object{}, {}}});
    run.take(Aborted{});
    EXPECT_EQ(run.text(), before);
  }
}

TEST(Errors, AreCaughtWithTheInputThatTheOutputWasToBeMadeOf) {
  const std::string half(200'000, 'x');
  Runner run(R"({"StartAt":"T","States":{
      "T":{"Type":"Task","Resource":"arn:aws:states:::sagemaker:createModel","ResultPath":"$.r",
           "Next":"N","Catch":[{"ErrorEquals":["States.DataLimitExceeded"],"ResultPath":"$.e",
                                "Next":"P"}]},
      "P":{"Type":"Pass","Parameters":{"kept.$":"$.half","error.$":"$.e.Error"},"Next":"N"},
      "N":{"Type":"Pass","End":true}}})",
             R"({"half":")" + half + R"("})");
  run.answer = [&](const CallTask& call) -> std::optional<Event> {
    return TaskAnswered{call.call, {json::object{{"half", half}}, {}}};
  };
  run.go();
  ASSERT_TRUE(run.ended);
  EXPECT_EQ(run.ended->output,
            R"({"kept":")" + half + R"(","error":"States.DataLimitExceeded"})");
}

/// A failed execution keeps what its state was entered with, for a redrive.
TEST(Errors, LeaveTheInputForARedrive) {
  Runner run(R"({"StartAt":"P","States":{
      "P":{"Type":"Pass","Result":1,"ResultPath":"$.a.b.c","End":true}}})",
             R"({"a":{"b":"text"},"n":1.5})");
  run.go();
  ASSERT_TRUE(run.ended);
  EXPECT_EQ(run.ended->error, "States.ResultPathMatchFailure");
  EXPECT_EQ(dump(run.snapshot.branches.at(kRoot).input), R"({"a":{"b":"text"},"n":1.5})");
}

}  // namespace
}  // namespace trainyard::asl
