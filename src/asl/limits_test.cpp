// What is bounded, and what odd machines and moments do.
#include "asl/asl_testing.hpp"

namespace trainyard::asl {
namespace {

constexpr const char* kActivity = "arn:aws:states:us-east-1:000000000000:activity:work";

std::optional<Event> silent(const CallTask&) { return std::nullopt; }

std::string task(const std::string& resource, const std::string& more = "") {
  return R"("Type":"Task","End":true,"Resource":")" + resource + "\"" + more;
}
std::string map_over(const std::string& state, const std::string& more = "") {
  return R"("Type":"Map","End":true,"ItemProcessor":{"StartAt":"P","States":{"P":{)" + state +
         "}}}" + more;
}
/// A flow of one state, for Branches.
std::string flow(const std::string& name, const std::string& fields) {
  return R"({"StartAt":")" + name + R"(","States":{")" + name + "\":{" + fields + "}}}";
}
std::string many_flows(int count, const std::string& fields) {
  std::string flows;
  for (int i = 0; i < count; ++i) {
    flows += (i ? "," : "") + flow("b" + std::to_string(i), fields);
  }
  return flows;
}

TEST(Limits, DataOfBranchesIsCheckedLikeAllOther) {
  std::string deep = R"({"x.$":"$"})", input = "1";
  for (int i = 0; i < 30; ++i) deep = R"({"a":)" + deep + "}";
  for (int i = 0; i < 88; ++i) input = "[" + input + "]";
  const std::string wait = R"("Type":"Wait","Seconds":10,"OutputPath":null,"End":true)";
  for (const auto& state :
       {R"("Type":"Parallel","End":true,"Parameters":)" + deep + R"(,"Branches":[)" +
            flow("W", wait) + "]",
        map_over(wait, R"(,"ItemSelector":)" + deep)}) {
    Runner run(machine_of(state), input, true);
    run.go();
    EXPECT_NE(run.last("ExecutionFailed").find("nested deeper"), std::string::npos);
  }
  // Numbers are long, though they weigh little.
  std::string numbers = "[1234567890123456789", fields;
  for (int i = 0; i < 12'000; ++i) numbers += ",1234567890123456789";
  for (int i = 0; i < 20; ++i) fields += (i ? ",\"f" : "\"f") + std::to_string(i) + R"(.$":"$")";
  Runner run(machine_of(R"("Type":"Parallel","End":true,"Parameters":{)" + fields + R"(},"Branches":[)" +
                 flow("P", R"("Type":"Pass","Result":1,"End":true)") + "]"),
             numbers + "]");
  run.go();
  EXPECT_NE(run.last("ExecutionFailed").find("States.DataLimitExceeded"), std::string::npos);
}

TEST(Limits, BranchesAreNoMoreThanTheHistoryHasRoomFor) {
  const std::string inner =
      map_over(R"("Type":"Parallel","End":true,"Branches":[)" +
               many_flows(10'000, R"("Type":"Succeed")") + "]");
  Runner run(machine_of(R"("Type":"Map","End":true,"ItemProcessor":)" + flow("M", inner)),
             dump(json::array(40, json::array(40))));
  run.go();
  EXPECT_LT(run.snapshot.branches.size(), static_cast<std::size_t>(kHistoryEventsMax));
  EXPECT_NE(run.last("ExecutionFailed").find("maximum number of history events"),
            std::string::npos);
}

TEST(Limits, WhatIsOpenAtATimeCounts) {
  json::object input{{"items", json::array(100)}, {"big", std::string(200'000, 'x')}};
  Runner serial(machine_of(map_over(R"("Type":"Pass","Result":1,"End":true)",
                             R"(,"MaxConcurrency":1,"ItemsPath":"$.items",)"
                             R"("ItemSelector":{"all.$":"$.big"})")),
                dump(input));
  serial.go();
  EXPECT_EQ(serial.ended->status, Status::succeeded) << serial.last("ExecutionFailed");
  // Small at first, and large later.
  const std::string grows = R"({"StartAt":"L","States":{"L":{"Type":"Pass","Result":")" +
                            std::string(200'000, 'x') +
                            R"(","Next":"W"},"W":{"Type":"Wait","Seconds":100,"End":true}}})";
  Runner wide(machine_of(map_over(R"("Type":"Map","End":true,"ItemProcessor":)" + grows)),
              dump(json::array(40, json::array(40))), true);
  wide.go();
  EXPECT_NE(wide.last("ExecutionFailed").find("too large together"), std::string::npos);
}

TEST(Limits, AFullHistoryLeavesNothingBehind) {
  const std::string timeout = R"(,"TimeoutSeconds":1000)";
  for (int64_t left = 2; left < 12; ++left) {
    Runner run(machine_of(R"("Type":"Parallel","End":true,"Branches":[)" + flow("A", task(kModel)) + "," +
                   flow("B", task(kSync, timeout)) + "," + flow("C", task(kSync, timeout)) + "]"));
    CallId first;
    run.answer = [&](const CallTask& call) -> std::optional<Event> {
      if (call.resource.pattern == "sync") return TaskSubmitted{call.call, json::object{}};
      first = call.call;
      return std::nullopt;
    };
    run.take(Started{});
    run.advance();
    run.advance();
    run.snapshot.last_event = kHistoryEventsMax - left;
    run.take(fails(first, "Odd"));
    ASSERT_TRUE(run.ended.has_value()) << left;
    EXPECT_TRUE(run.timers.empty()) << left;
    EXPECT_EQ(run.cancelled.size(), 2u) << left;
  }
}

TEST(Limits, NoBranchStarves) {
  std::string flows;
  for (int i = 0; i < 101; ++i) {
    std::string n = std::to_string(i);
    flows += (i ? "," : "") + (R"({"StartAt":"b)" + n + R"(","States":{"b)" + n +
                               R"(":{"Type":"Pass","Next":"c)" + n + R"("},"c)" + n +
                               R"(":{"Type":"Choice","Choices":[{"Variable":"$.x","IsPresent":)"
                               R"(true,"Next":"b)" + n + R"("}],"Default":"e)" + n + R"("},"e)" +
                               n + R"(":{"Type":"Succeed"}}})");
  }
  Runner run(machine_of(R"("Type":"Parallel","End":true,"Branches":[)" + flows + "]"), R"({"x":1})", true);
  run.go();
  std::map<std::string, int> entered;
  for (const auto& event : run.history) {
    if (event.type == "PassStateEntered") ++entered[to_std(event.details.at("name").as_string())];
  }
  EXPECT_EQ(entered.size(), 101u);
  EXPECT_LE(entered["b0"] - entered["b100"], 2);
}

TEST(Limits, ALongMapIsStoredAsFarAsItHasCome) {
  Runner run(machine_of(map_over(R"("Type":"Wait","Seconds":1,"End":true)", R"(,"MaxConcurrency":1)")),
             dump(json::array(100'000)));
  run.take(Started{});
  for (int i = 0; i < 200; ++i) run.advance();
  std::size_t results = 0;
  for (const auto& [name, text] : to_stored(run.snapshot).parts) {
    results += name.starts_with("results.");
  }
  EXPECT_LT(results, 10u);
}

TEST(Limits, PatternsAndSplittersAreWork) {
  const std::string text(250'000, 'a');
  Runner run(R"({"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$",)"
             R"("StringMatches":"*)" +
                 std::string(130'000, 'a') + R"(b","Next":"E"}],"Default":"E"},"E":{"Type":)"
                                             R"("Succeed"}}})",
             "\"" + text + "\"");
  run.go();
  EXPECT_NE(run.last("ExecutionFailed").find("look at too many values"), std::string::npos);
  Runner split(machine_of(R"x("Type":"Pass","Parameters":{"n.$":)x"
                   R"x("States.ArrayLength(States.StringSplit($, $))"},"End":true)x"),
               "\"" + text.substr(0, 100'000) + "\"");
  split.go();
  EXPECT_EQ(split.ended->output, R"({"n":0})");
}

TEST(Limits, ResponsesAndCauses) {
  Runner token(machine_of(task("arn:aws:states:::states:startExecution.waitForTaskToken")));
  token.answer = silent;
  token.take(Started{});
  token.take(TaskSubmitted{{2, 0}, json::value(std::string(1'000'000, 'x'))});
  EXPECT_NE(token.last("TaskFailed").find("States.DataLimitExceeded"), std::string::npos);
  EXPECT_EQ(token.cancelled, std::vector<std::string>{"2.0"});

  Runner activity(machine_of(task(kActivity)));
  activity.answer = silent;
  activity.take(Started{});
  activity.take(ActivityStarted{{2, 0}, "me"});
  activity.take(TaskCompleted{{2, 0}, {json::value(std::string(300'000, 'x')), {}}});
  EXPECT_NE(activity.last("ActivityFailed").find(kActivity), std::string::npos);

  // A cause that holds the input is cut before it is put into the data.
  Runner cause(machine_of(task(kModel, R"(,"ResultPath":"$.v.w","Parameters":{},"Catch":[{"ErrorEquals":)"
                                R"(["States.ALL"],"Next":"C","ResultPath":"$.e"}])"),
                   R"(,"C":{"Type":"Succeed"})"),
               R"({"v":")" + std::string(140'000, 'x') + R"("})");
  cause.go();
  EXPECT_EQ(cause.ended->status, Status::succeeded);
}

TEST(Odd, TheIndexOfAnItemIsAnInteger) {
  for (bool restore : {false, true}) {
    for (const auto& map :
         {map_over(R"("Type":"Wait","SecondsPath":"$$.Map.Item.Index","End":true)"),
          map_over(R"("Type":"Wait","SecondsPath":"$.i","End":true)",
                   R"(,"ItemSelector":{"i.$":"$$.Map.Item.Index"})")}) {
      Runner run(machine_of(map), "[1,2]", restore);
      run.go();
      EXPECT_EQ(run.ended->status, Status::succeeded) << run.last("ExecutionFailed");
    }
  }
}

TEST(Odd, AWaitSeesAtOnceThatItsInputIsMissing) {
  Runner run(machine_of(R"("Type":"Wait","Seconds":3600,"InputPath":"$.no","End":true)"));
  run.take(Started{});
  EXPECT_TRUE(run.ended.has_value());
}

TEST(Odd, NoErrorIsNoErrorInsideOfAParallelToo) {
  Runner run(machine_of(R"("Type":"Parallel","End":true,"Branches":[)" +
                 flow("F", R"("Type":"Fail")") + "]"));
  run.go();
  EXPECT_EQ(run.last("ExecutionFailed"), "{}");
  EXPECT_FALSE(run.ended->error.has_value());
}

TEST(Odd, BranchFailedIsAnErrorOfParallel) {
  Runner run(machine_of(map_over(R"("Type":"Fail","Error":"Mine")",
                          R"(,"Catch":[{"ErrorEquals":["States.BranchFailed"],"Next":"C"}])"),
                 R"(,"C":{"Type":"Succeed"})"),
             "[1]");
  run.go();
  EXPECT_EQ(run.last("ExecutionFailed"), R"({"error":"Mine"})");
}

TEST(Odd, ATokenMayComeBackBeforeTheResponse) {
  const char* put = "arn:aws:states:::aws-sdk:s3:putObject.waitForTaskToken";
  Runner run(machine_of(task(put)), "{}", true);
  std::string token;
  run.answer = [&](const CallTask& call) {
    token = call.token;
    return silent(call);
  };
  run.take(Started{});
  EXPECT_TRUE(waits_for(run.snapshot, *TaskToken::parse(token)));
  run.take(TaskCompleted{{2, 0}, {7, {}}});
  EXPECT_FALSE(waits_for(run.snapshot, *TaskToken::parse(token)));
  run.take(TaskCompleted{{2, 0}, {8, {}}});
  run.take(TaskSubmitted{{2, 0}, json::object{}});
  EXPECT_EQ(run.types(),
            "1<0 ExecutionStarted\n2<0 TaskStateEntered\n3<2 TaskScheduled\n4<3 TaskStarted\n"
            "5<4 TaskSubmitted\n6<5 TaskSucceeded\n7<6 TaskStateExited\n8<7 ExecutionSucceeded\n");
  EXPECT_EQ(run.ended->output, "7");
}

TEST(Odd, RolesOfActivitiesAreNotShown) {
  Runner run(machine_of(task(kActivity, R"(,"Credentials":{"RoleArn":"arn:aws:iam::0:role/r"})")));
  run.answer = silent;
  run.take(Started{});
  EXPECT_EQ(run.last("ActivityScheduled").find("taskCredentials"), std::string::npos);
}

TEST(Redrive, RetriesAreThereAgain) {
  const std::string retry = R"(,"Retry":[{"ErrorEquals":["States.ALL"],"MaxAttempts":1}])";
  Runner group(machine_of(map_over(task(kModel), retry)), "[{}]", true);
  int calls = 0;
  group.answer = [&](const CallTask& call) {
    ++calls;
    return fails(call.call, "Odd");
  };
  group.go();
  group.ended.reset();
  group.go(Redriven{});
  EXPECT_EQ(calls, 4);

  Runner single(machine_of(task(kModel, R"(,"Parameters":{"n.$":"$$.State.RetryCount"})" + retry)));
  std::string seen;
  single.answer = [&](const CallTask& call) {
    seen += dump(call.parameters);
    return fails(call.call, "Odd");
  };
  single.go();
  single.ended.reset();
  single.go(Redriven{});
  EXPECT_EQ(seen, R"({"n":0}{"n":1}{"n":0}{"n":1})");
}

TEST(Redrive, OfAMapThatWasStoppedBetweenTurns) {
  json::array items(40, json::value(std::string(100, 'x')));
  Runner run(machine_of(R"("Type":"Map","End":true,"ItemProcessor":{"StartAt":"A","States":{"A":{"Type":)"
                 R"("Pass","Next":"B"},"B":{"Type":"Pass","Next":"C"},"C":{"Type":"Pass",)"
                 R"("Result":1,"End":true}}})"),
             dump(items), true);
  run.take(Started{});
  ASSERT_EQ(run.timers.count("resume"), 1u);
  run.take(Aborted{});
  run.ended.reset();
  run.go(Redriven{});
  EXPECT_EQ(run.ended->status, Status::succeeded) << run.last("ExecutionFailed");
}

TEST(Redrive, OfWhatNeverBegan) {
  Runner run(machine_of(R"("Type":"Succeed")"));
  run.take(Aborted{});
  run.ended.reset();
  run.go(Redriven{});
  EXPECT_EQ(run.types(),
            "1<0 ExecutionAborted\n2<0 ExecutionRedriven\n3<2 SucceedStateEntered\n"
            "4<3 SucceedStateExited\n5<4 ExecutionSucceeded\n");
}

TEST(Redrive, AsLongAsTheHistoryHasRoom) {
  for (int64_t events : {kHistoryEventsMax - 2, kHistoryEventsMax - 1}) {
    Runner run(machine_of(task(kModel)));
    run.answer = [](const CallTask& call) { return fails(call.call, "Odd"); };
    run.go();
    run.ended.reset();
    run.snapshot.last_event = events;
    run.go(Redriven{});
    EXPECT_EQ(run.ended.has_value(), has_room_for_redrive(events)) << events;
  }
  EXPECT_TRUE(has_room_for_redrive(kHistoryEventsMax - 2));
}

TEST(Redrive, OfAMapWhoseSelectorFails) {
  Runner run(machine_of(R"x("Type":"Parallel","End":true,"Branches":[)x" + flow("F", task(kModel)) + "," +
                 flow("M", R"x("Type":"Map","End":true,"ItemsPath":"$.i","ItemSelector":
                   {"x.$":"States.ArrayGetItem($.none, 0)"},"ItemProcessor":)x" +
                               flow("P", R"("Type":"Pass","End":true)")) +
                 "]"),
             R"({"i":[1],"none":[]})", true);
  for (int i = 0; i < 2; ++i) {
    run.ended.reset();
    run.go(i ? Event(Redriven{}) : Event(Started{}));
    EXPECT_EQ(run.ended->error, "States.IntrinsicFailure");
  }
}

}  // namespace
}  // namespace trainyard::asl
