// Tasks that end by a token, activities, heartbeats, and redrives.
#include "asl/asl_testing.hpp"

namespace trainyard::asl {
namespace {

constexpr const char* kActivity = "arn:aws:states:us-east-1:000000000000:activity:work";
constexpr const char* kToken = "arn:aws:states:::states:startExecution.waitForTaskToken";

std::string task_of(const std::string& resource, const std::string& more = "") {
  return R"({"StartAt":"T","States":{"T":{"Type":"Task","End":true,"Resource":")" + resource +
         "\"" + more + "}}}";
}

TEST(Resource, TakesArnsApart) {
  struct {
    const char *arn, *service, *action, *operation, *pattern;
  } kCases[] = {
      {"arn:aws:states:::sagemaker:createModel", "sagemaker", "createModel", "createModel", ""},
      {"arn:aws:states:::states:startExecution.sync:2", "states", "startExecution.sync:2",
       "startExecution", "sync:2"},
      {"arn:aws:states:::aws-sdk:sfn:startExecution.waitForTaskToken", "aws-sdk:sfn",
       "startExecution.waitForTaskToken", "startExecution", "waitForTaskToken"},
      {"arn:aws:states:::aws-sdk:sfn", "", "", "", ""},
      {"arn:aws:states:::", "", "", "", ""},
      {"arn:aws:lambda:us-east-1:000000000000:function:f", "", "", "", ""},
      {kActivity, "", "", "", ""},
  };
  for (const auto& test : kCases) {
    Resource resource = parse_resource(test.arn);
    EXPECT_EQ(resource.service, test.service) << test.arn;
    EXPECT_EQ(resource.action, test.action);
    EXPECT_EQ(resource.operation, test.operation);
    EXPECT_EQ(resource.pattern, test.pattern);
    EXPECT_EQ(resource.is_activity, test.arn == kActivity);
  }
}

TEST(Activity, AsStepFunctionsWritesIt) {
  Runner run(task_of(kActivity, R"(,"TimeoutSeconds":60,"HeartbeatSeconds":10)"), R"([1,"a"])",
             true);
  std::string token;
  run.answer = [&](const CallTask& call) -> std::optional<Event> {
    token = call.token;
    EXPECT_EQ(dump(call.parameters), R"([1,"a"])");
    return std::nullopt;
  };
  run.take(Started{});
  auto parsed = TaskToken::parse(token);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->execution, run.facts.id);
  EXPECT_EQ(parsed->call, (CallId{2, 0}));
  run.take(ActivityStarted{{2, 0}, "me"});
  EXPECT_TRUE(waits_for(run.snapshot, *parsed));
  EXPECT_FALSE(waits_for(run.snapshot, {parsed->execution, parsed->call, "guess"}));
  EXPECT_EQ(run.timers.count("heartbeat:2.0"), 1u);
  run.take(TaskCompleted{{2, 0}, {json::object{{"ok", true}}, {}}});
  EXPECT_EQ(run.types(),
            "1<0 ExecutionStarted\n2<0 TaskStateEntered\n3<2 ActivityScheduled\n"
            "4<3 ActivityStarted\n5<4 ActivitySucceeded\n6<5 TaskStateExited\n"
            "7<6 ExecutionSucceeded\n");
  EXPECT_EQ(dump(to_json(run.history[2])),
            R"({"id":3,"previousEventId":2,"type":"ActivityScheduled",)"
            R"("activityScheduledEventDetails":{)"
            R"("resource":"arn:aws:states:us-east-1:000000000000:activity:work",)"
            R"("timeoutInSeconds":60,"heartbeatInSeconds":10,)"
            R"("input":"[1,\"a\"]","inputDetails":{"truncated":false}}})");
  EXPECT_EQ(run.last("ActivityStarted"), R"({"workerName":"me"})");
  EXPECT_EQ(run.last("ActivitySucceeded"),
            R"({"output":"{\"ok\":true}","outputDetails":{"truncated":false}})");
  EXPECT_TRUE(run.timers.empty());
}

TEST(Activity, FailsAndTimesOut) {
  Runner failed(task_of(kActivity));
  failed.answer = [](const CallTask&) { return std::nullopt; };
  failed.take(Started{});
  failed.take(ActivityStarted{{2, 0}, std::nullopt});
  failed.take(TaskCompleted{{2, 0}, {nullptr, Failure{"Mine", "why"}}});
  EXPECT_EQ(failed.last("ActivityStarted"), "{}");
  EXPECT_EQ(failed.last("ActivityFailed"), R"({"error":"Mine","cause":"why"})");
  EXPECT_EQ(failed.last("ExecutionFailed"), R"({"error":"Mine","cause":"why"})");
  Runner late(task_of(kActivity, R"(,"TimeoutSeconds":60)"));
  late.answer = [](const CallTask&) { return std::nullopt; };
  late.go();
  EXPECT_EQ(late.last("ActivityTimedOut"), R"({"error":"States.Timeout"})");
  EXPECT_EQ(late.cancelled, std::vector<std::string>{"2.0"});
}

TEST(Activity, WhoseSchedulingFails) {
  Runner run(task_of(kActivity, R"(,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"P"}]},)"
                                 R"("P":{"Type":"Pass","End":true)"));
  run.answer = [](const CallTask& call) { return fails(call.call, "Odd"); };
  run.go();
  EXPECT_EQ(run.types(),
            "1<0 ExecutionStarted\n2<0 TaskStateEntered\n3<2 ActivityScheduled\n"
            "4<3 ActivityScheduleFailed\n5<4 TaskStateExited\n6<5 PassStateEntered\n"
            "7<6 PassStateExited\n8<7 ExecutionSucceeded\n");
  EXPECT_EQ(run.last("ActivityScheduleFailed"), R"({"error":"Odd","cause":"because"})");
}

TEST(Expired, EndsAnExecutionThatWaits) {
  Runner run(task_of(kActivity, R"(,"TimeoutSeconds":99999999)"), "{}", true);
  run.answer = [](const CallTask&) { return std::nullopt; };
  run.take(Started{});
  run.take(Expired{});
  EXPECT_EQ(run.snapshot.status, Status::timed_out);
  EXPECT_EQ(run.types(),
            "1<0 ExecutionStarted\n2<0 TaskStateEntered\n3<2 ActivityScheduled\n"
            "4<0 ExecutionTimedOut\n");
  EXPECT_TRUE(run.timers.empty());
  EXPECT_EQ(run.cancelled, std::vector<std::string>{"2.0"});
  run.take(Expired{});
  EXPECT_EQ(run.history.size(), 4u);
}

TEST(Heartbeat, KeepsATaskAlive) {
  Runner run(task_of(kToken, R"(,"HeartbeatSeconds":10,"Parameters":{"t.$":"$$.Task.Token"})"),
             "{}", true);
  run.answer = [&](const CallTask& call) -> std::optional<Event> {
    EXPECT_EQ(dump(call.parameters), R"({"t":")" + call.token + "\"}");
    return TaskSubmitted{call.call, json::object{}};
  };
  run.take(Started{});
  run.advance();
  const Time first = run.timers.at("heartbeat:2.0");
  run.now += std::chrono::seconds(7);
  run.take(TaskHeartbeat{{2, 0}});
  EXPECT_EQ(run.timers.at("heartbeat:2.0"), first + std::chrono::seconds(7));
  run.take(TaskHeartbeat{{2, 1}});
  run.go(TaskHeartbeat{{3, 0}});
  EXPECT_EQ(run.types(),
            "1<0 ExecutionStarted\n2<0 TaskStateEntered\n3<2 TaskScheduled\n4<3 TaskStarted\n"
            "5<4 TaskSubmitted\n6<5 TaskTimedOut\n7<6 ExecutionFailed\n");
  EXPECT_EQ(run.last("TaskTimedOut"),
            R"({"resourceType":"states","resource":"startExecution.waitForTaskToken",)"
            R"("error":"States.HeartbeatTimeout"})");
}

TEST(Credentials, AreToldAndPassedOn) {
  Runner run(task_of("arn:aws:states:::sagemaker:createModel",
                      R"(,"Credentials":{"RoleArn.$":"$.role"})"),
             R"({"role":"arn:aws:iam::000000000000:role/Other"})");
  run.answer = [&](const CallTask& call) -> std::optional<Event> {
    EXPECT_EQ(call.role_arn, "arn:aws:iam::000000000000:role/Other");
    return TaskAnswered{call.call, {1, {}}};
  };
  run.go();
  EXPECT_NE(run.last("TaskScheduled")
                .find(R"("taskCredentials":{"roleArn":"arn:aws:iam::000000000000:role/Other"})"),
            std::string::npos);
}

TEST(Redrive, RunsTheFailedStateAgain) {
  Runner run(R"({"StartAt":"A","States":{"A":{"Type":"Pass","Next":"T"},"T":{"Type":"Task",
      "End":true,"Resource":"arn:aws:states:::sagemaker:createModel",
      "Retry":[{"ErrorEquals":["States.ALL"],"MaxAttempts":1}]}}})",
             R"({"a":1})", true);
  run.answer = [](const CallTask& call) { return fails(call.call, "Odd"); };
  run.go();
  EXPECT_EQ(run.snapshot.status, Status::failed);
  run.ended.reset();
  run.answer = [](const CallTask& call) -> std::optional<Event> {
    EXPECT_EQ(call.call, (CallId{4, 2}));  // never one that was used before
    return TaskAnswered{call.call, {json::object{{"done", true}}, {}}};
  };
  const std::size_t before = run.history.size();
  run.go(Redriven{});
  std::string all = run.types();
  EXPECT_EQ(all.substr(all.find(std::to_string(before + 1) + "<")),
            "12<0 ExecutionRedriven\n13<12 TaskScheduled\n14<13 TaskStarted\n15<14 TaskSucceeded\n"
            "16<15 TaskStateExited\n17<16 ExecutionSucceeded\n");
  EXPECT_EQ(run.last("ExecutionRedriven"), R"({"redriveCount":1})");
  EXPECT_EQ(run.ended->output, R"({"done":true})");
  run.take(Redriven{});  // it has succeeded
  EXPECT_EQ(run.history.size(), 17u);
}

TEST(Redrive, OfAMapRunsOnlyWhatHadNotSucceeded) {
  Runner run(R"({"StartAt":"G","States":{"G":{"Type":"Map","End":true,"MaxConcurrency":2,
      "ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","End":true,
      "Resource":"arn:aws:states:::sagemaker:createModel"}}}}}})",
             R"([{"n":0},{"n":1},{"n":2},{"n":3}])", true);
  std::vector<int64_t> called;
  bool broken = true;
  run.answer = [&](const CallTask& call) -> std::optional<Event> {
    int64_t n = call.parameters.at("n").to_number<int64_t>();
    called.push_back(n);
    if (broken && n == 1) return fails(call.call, "Odd");
    return TaskAnswered{call.call, {n * 10, {}}};
  };
  run.go();
  EXPECT_EQ(run.snapshot.status, Status::failed);
  EXPECT_EQ(called, (std::vector<int64_t>{0, 1, 2}));
  called.clear();
  broken = false;
  run.ended.reset();
  run.go(Redriven{});
  EXPECT_EQ(called, (std::vector<int64_t>{1, 2, 3}));
  EXPECT_EQ(run.ended->output, "[0,10,20,30]");
}

TEST(Redrive, OfAnAbortedWaitAndOfAnExecutionThatTimedOut) {
  Runner run(R"({"StartAt":"W","TimeoutSeconds":100,"States":{"W":{"Type":"Wait","Seconds":50,
      "Next":"X"},"X":{"Type":"Wait","Seconds":80,"End":true}}})",
             "{}", true);
  run.take(Started{});
  run.take(Aborted{"E", "C"});
  EXPECT_EQ(run.snapshot.status, Status::aborted);
  EXPECT_TRUE(run.timers.empty());
  run.ended.reset();
  run.go(Redriven{});
  EXPECT_EQ(run.snapshot.status, Status::timed_out);
  run.ended.reset();
  run.go(Redriven{});
  EXPECT_EQ(run.snapshot.status, Status::succeeded);
  EXPECT_EQ(run.last("ExecutionRedriven"), R"({"redriveCount":2})");
}

TEST(Redrive, ARepeatOfTheTimerThatEndedTheExecutionEndsItNotAgain) {
  Runner run(R"({"StartAt":"W","TimeoutSeconds":100,"States":{"W":{"Type":"Wait","Seconds":150,
      "Next":"X"},"X":{"Type":"Pass","End":true}}})");
  const Event timeout = TimerFired{"execution"};
  run.take(Started{});
  run.timers.erase("execution");
  run.take(timeout);
  EXPECT_EQ(run.snapshot.status, Status::timed_out);
  run.ended.reset();
  run.take(Redriven{});
  run.take(timeout);
  EXPECT_EQ(run.snapshot.status, Status::running);
}

TEST(Redrive, ARepeatOfAWaitsTimerDoesNotEndTheWaitThatBeganAnew) {
  Runner run(R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":150,"End":true}}})");
  run.take(Started{});
  run.take(Aborted{"E", "C"});
  run.ended.reset();
  run.take(Redriven{});
  run.take(TimerFired{"wait:2"});  // it came too late for the first wait
  EXPECT_EQ(run.snapshot.status, Status::running);
  ASSERT_EQ(run.timers.size(), 1u);
  run.take(TimerFired{run.timers.begin()->first});
  EXPECT_EQ(run.snapshot.status, Status::succeeded);
}

}  // namespace
}  // namespace trainyard::asl
