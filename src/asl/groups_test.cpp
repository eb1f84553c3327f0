// Parallel and Map: the events that Step Functions writes, and what fails with what.
#include "asl/asl_testing.hpp"

namespace trainyard::asl {
namespace {

const std::string kCaught = R"(,"C":{"Type":"Pass","End":true})";

std::string map_of(const std::string& states, const std::string& more = "") {
  return R"("Type":"Map","End":true,"ItemProcessor":{"StartAt":"P","States":{)" + states + "}}" +
         more;
}
const std::string kPass = R"("P":{"Type":"Pass","End":true})";
const std::string kTask =
    R"("P":{"Type":"Task","End":true,"Resource":"arn:aws:states:::sagemaker:createModel"})";

std::string parallel_of(const std::string& more = "") {
  return R"("Type":"Parallel","End":true,"Branches":[
    {"StartAt":"A","States":{"A":{"Type":"Task","End":true,
      "Resource":"arn:aws:states:::sagemaker:createModel"}}},
    {"StartAt":"B","States":{"B":{"Type":"Wait","Seconds":10,"End":true}}}])" +
         more;
}

std::optional<Event> no_answer(const CallTask&) { return std::nullopt; }

TEST(Map, OneAfterAnotherAsStepFunctionsWritesIt) {
  Runner run(machine_of(map_of(kPass, R"(,"MaxConcurrency":1)")), R"([{"a":1},2])", true);
  run.go();
  EXPECT_EQ(run.types(),
            "1<0 ExecutionStarted\n2<0 MapStateEntered\n3<2 MapStateStarted\n"
            "4<3 MapIterationStarted\n5<4 PassStateEntered\n6<5 PassStateExited\n"
            "7<6 MapIterationSucceeded\n8<6 MapIterationStarted\n9<8 PassStateEntered\n"
            "10<9 PassStateExited\n11<10 MapIterationSucceeded\n12<11 MapStateSucceeded\n"
            "13<11 MapStateExited\n14<13 ExecutionSucceeded\n");
  EXPECT_EQ(dump(to_json(run.history[2])),
            R"({"id":3,"previousEventId":2,"type":"MapStateStarted",)"
            R"("mapStateStartedEventDetails":{"length":2}})");
  EXPECT_EQ(dump(to_json(run.history[7])),
            R"({"id":8,"previousEventId":6,"type":"MapIterationStarted",)"
            R"("mapIterationStartedEventDetails":{"name":"G","index":1}})");
  EXPECT_EQ(dump(to_json(run.history[11])),
            R"({"id":12,"previousEventId":11,"type":"MapStateSucceeded"})");
  EXPECT_EQ(run.ended->output, R"([{"a":1},2])");
}

TEST(Map, AtATimeAsManyAsMay) {
  struct {
    const char* limit;
    std::size_t size, at_once;
  } kCases[] = {{"", 100, 40},
                {R"(,"MaxConcurrency":0)", 100, 40},
                {R"(,"MaxConcurrency":7)", 100, 7},
                {R"(,"MaxConcurrency":1000)", 50, 40},
                {R"(,"MaxConcurrencyPath":"$.n")", 10, 3}};
  for (const auto& test : kCases) {
    json::array items(test.size, json::object{});
    json::object input{{"n", 3}, {"items", items}};
    Runner run(machine_of(map_of(kTask, std::string(R"(,"ItemsPath":"$.items")") + test.limit)),
               dump(input));
    std::size_t open = 0, most = 0;
    run.answer = [&](const CallTask& call) -> std::optional<Event> {
      most = std::max(most, ++open);
      return TaskAnswered{call.call, {1, {}}};
    };
    run.take(Started{});
    while (run.open()) {
      --open;
      run.advance();
    }
    EXPECT_EQ(most, test.at_once) << test.limit;
    EXPECT_EQ(run.ended->status, Status::succeeded);
    EXPECT_EQ(run.ended->output.size(), 2 * test.size + 1);
  }
}

TEST(Map, ItemsAndTheirContext) {
  Runner run(machine_of(map_of(R"("P":{"Type":"Pass","Parameters":{"i.$":"$$.Map.Item.Index",
      "v.$":"$$.Map.Item.Value.k","in.$":"$"},"End":true})",
                        R"__(,"InputPath":"$.x","ItemsPath":"$.items",
      "ItemSelector":{"k.$":"$$.Map.Item.Value.k","all.$":"$.y"},
      "ResultSelector":{"first.$":"$[0]","n.$":"States.ArrayLength($)"},"ResultPath":"$.r")__")),
             R"({"x":{"y":5,"items":[{"k":"a"},{"k":"b"}]}})", true);
  run.go();
  EXPECT_EQ(run.ended->output,
            R"({"x":{"y":5,"items":[{"k":"a"},{"k":"b"}]},"r":{"first":{"i":0,"v":"a",)"
            R"("in":{"k":"a","all":5}},"n":2}})");
}

TEST(Map, InsideOfAMapTheInnerItemCounts) {
  Runner run(machine_of(R"("Type":"Map","End":true,"Iterator":{"StartAt":"M","States":{"M":{"Type":"Map",
      "End":true,"ItemProcessor":{"ProcessorConfig":{"Mode":"INLINE"},"StartAt":"P","States":{"P":{
      "Type":"Pass","Parameters":{"v.$":"$$.Map.Item.Value"},"OutputPath":"$.v","End":true}}}}}})"),
             "[[1,2],[],[3]]", true);
  run.go();
  EXPECT_EQ(run.ended->output, "[[1,2],[],[3]]");
}

TEST(Map, NothingToDo) {
  Runner run(machine_of(map_of(kPass)), "[]");
  run.go();
  EXPECT_EQ(run.types(),
            "1<0 ExecutionStarted\n2<0 MapStateEntered\n3<2 MapStateStarted\n"
            "4<3 MapStateSucceeded\n5<3 MapStateExited\n6<5 ExecutionSucceeded\n");
  EXPECT_EQ(run.ended->output, "[]");
}

TEST(Map, WhatIsNoArrayCannotBeCaught) {
  Runner run(machine_of(map_of(kPass, R"(,"ItemsPath":"$.a","Catch":[{"ErrorEquals":["States.ALL"],
      "Next":"C"}])"),
                 kCaught),
             R"({"a":{}})");
  run.go();
  EXPECT_EQ(run.last("ExecutionFailed"),
            R"({"error":"States.Runtime","cause":"An error occurred while executing the state 'G' )"
            R"((entered at the event id #2). Reference path \"$.a\" must point to array."})");
}

TEST(Map, FailureAbortsWhatRuns) {
  Runner run(machine_of(map_of(kTask)), R"([{"n":1},{"n":2},{"n":3}])", true);
  run.answer = [](const CallTask& call) -> std::optional<Event> {
    if (call.parameters.at("n") == 2) return fails(call.call, "Odd");
    return std::nullopt;
  };
  run.go();
  EXPECT_EQ(run.types(),
            "1<0 ExecutionStarted\n2<0 MapStateEntered\n3<2 MapStateStarted\n"
            "4<3 MapIterationStarted\n5<3 MapIterationStarted\n6<3 MapIterationStarted\n"
            "7<4 TaskStateEntered\n8<7 TaskScheduled\n9<8 TaskStarted\n"
            "10<5 TaskStateEntered\n11<10 TaskScheduled\n12<11 TaskStarted\n"
            "13<6 TaskStateEntered\n14<13 TaskScheduled\n15<14 TaskStarted\n"
            "16<12 TaskFailed\n17<16 MapIterationFailed\n18<9 TaskStateAborted\n"
            "19<9 MapIterationAborted\n20<15 TaskStateAborted\n21<15 MapIterationAborted\n"
            "22<16 MapStateFailed\n23<22 ExecutionFailed\n");
  EXPECT_EQ(run.last("MapIterationFailed"), R"({"name":"G","index":1})");
  EXPECT_EQ(run.last("ExecutionFailed"), R"({"error":"Odd","cause":"because"})");
  EXPECT_EQ(run.cancelled, (std::vector<std::string>{"7.0", "13.0"}));
}

TEST(Parallel, BranchesInTheirOrder) {
  Runner run(machine_of(parallel_of(R"(,"Parameters":{"x.$":"$.a"},"ResultPath":"$.r")")), R"({"a":1})",
             true);
  run.go();
  EXPECT_EQ(run.types(),
            "1<0 ExecutionStarted\n2<0 ParallelStateEntered\n3<2 ParallelStateStarted\n"
            "4<3 TaskStateEntered\n5<4 TaskScheduled\n6<5 TaskStarted\n7<3 WaitStateEntered\n"
            "8<6 TaskSucceeded\n9<8 TaskStateExited\n10<7 WaitStateExited\n"
            "11<10 ParallelStateSucceeded\n12<10 ParallelStateExited\n13<12 ExecutionSucceeded\n");
  EXPECT_EQ(dump(to_json(run.history[2])),
            R"({"id":3,"previousEventId":2,"type":"ParallelStateStarted"})");
  EXPECT_EQ(run.ended->output, R"({"a":1,"r":[{"Done":"createModel"},{"x":1}]})");
}

TEST(Parallel, AnErrorIsCaughtOutside) {
  for (const char* name : {"Odd", "States.ALL", "States.TaskFailed", "States.BranchFailed"}) {
    Runner run(machine_of(parallel_of(R"(,"Catch":[{"ErrorEquals":["Other"],"Next":"C"},
                   {"ErrorEquals":[")" +
                               std::string(name) + R"("],"Next":"C","ResultPath":"$.e"}])"),
                   kCaught),
               R"({"a":1})", true);
    run.answer = [](const CallTask& call) { return fails(call.call, "Odd"); };
    run.go();
    EXPECT_EQ(run.types(),
              "1<0 ExecutionStarted\n2<0 ParallelStateEntered\n3<2 ParallelStateStarted\n"
              "4<3 TaskStateEntered\n5<4 TaskScheduled\n6<5 TaskStarted\n7<3 WaitStateEntered\n"
              "8<6 TaskFailed\n9<7 WaitStateAborted\n10<8 ParallelStateFailed\n"
              "11<10 ParallelStateExited\n12<11 PassStateEntered\n13<12 PassStateExited\n"
              "14<13 ExecutionSucceeded\n")
        << name;
    EXPECT_EQ(run.ended->output, R"({"a":1,"e":{"Error":"Odd","Cause":"because"}})");
    EXPECT_TRUE(run.snapshot.branches.empty());
  }
}

TEST(Parallel, RunsAgainAsAWhole) {
  Runner run(machine_of(parallel_of(R"(,"Retry":[{"ErrorEquals":["States.ALL"],"MaxAttempts":1}])")), "{}",
             true);
  int calls = 0;
  run.answer = [&](const CallTask& call) -> std::optional<Event> {
    if (++calls == 1) return fails(call.call, "Odd");
    return TaskAnswered{call.call, {2, {}}};
  };
  run.go();
  EXPECT_EQ(run.types(),
            "1<0 ExecutionStarted\n2<0 ParallelStateEntered\n3<2 ParallelStateStarted\n"
            "4<3 TaskStateEntered\n5<4 TaskScheduled\n6<5 TaskStarted\n7<3 WaitStateEntered\n"
            "8<6 TaskFailed\n9<7 WaitStateAborted\n10<8 ParallelStateFailed\n"
            "11<10 ParallelStateStarted\n12<11 TaskStateEntered\n13<12 TaskScheduled\n"
            "14<13 TaskStarted\n15<11 WaitStateEntered\n16<14 TaskSucceeded\n"
            "17<16 TaskStateExited\n18<15 WaitStateExited\n19<18 ParallelStateSucceeded\n"
            "20<18 ParallelStateExited\n21<20 ExecutionSucceeded\n");
}

TEST(Parallel, AFailStateInsideAndRuntimeErrors) {
  Runner fail(machine_of(R"("Type":"Parallel","End":true,"Branches":[{"StartAt":"F","States":{"F":{
      "Type":"Fail","Error":"Mine","Cause":"why"}}}])"));
  fail.go();
  EXPECT_EQ(fail.types(),
            "1<0 ExecutionStarted\n2<0 ParallelStateEntered\n3<2 ParallelStateStarted\n"
            "4<3 FailStateEntered\n5<4 ParallelStateFailed\n6<5 ExecutionFailed\n");
  EXPECT_EQ(fail.last("ExecutionFailed"), R"({"error":"Mine","cause":"why"})");
  Runner runtime(machine_of(R"("Type":"Parallel","End":true,"Branches":[{"StartAt":"P","States":{"P":{
      "Type":"Pass","InputPath":"$.no","End":true}}}],
      "Catch":[{"ErrorEquals":["States.ALL"],"Next":"C"}])",
                     kCaught));
  runtime.go();
  EXPECT_EQ(runtime.types(),
            "1<0 ExecutionStarted\n2<0 ParallelStateEntered\n3<2 ParallelStateStarted\n"
            "4<3 PassStateEntered\n5<4 ExecutionFailed\n");
  EXPECT_EQ(runtime.last("ExecutionFailed"),
            R"({"error":"States.Runtime","cause":"An error occurred while executing the state 'P' )"
            R"((entered at the event id #4). The JSONPath '$.no' specified for the field )"
            R"('InputPath' could not be found in the input '{}'"})");
}

TEST(Group, ResultsThatAreTooLargeTogether) {
  const std::string text(100'000, 'x');
  Runner run(machine_of(map_of(R"("P":{"Type":"Pass","Result":")" + text + R"(","End":true})")), "[1,2,3]");
  run.go();
  EXPECT_EQ(run.last("ExecutionFailed"),
            R"({"error":"States.DataLimitExceeded","cause":"The state/task 'G' returned a result )"
            R"(with a size exceeding the maximum number of bytes service limit."})");
}

TEST(Group, InputsThatAreTooLargeTogether) {
  std::string branches;
  for (int i = 0; i < 70; ++i) {
    std::string name = "W" + std::to_string(i);
    branches += (i ? "," : "") + std::string(R"({"StartAt":")") + name + R"(","States":{")" + name +
                R"(":{"Type":"Wait","Seconds":1,"End":true}}})";
  }
  const std::string input = "\"" + std::string(250'000, 'x') + "\"";
  Runner run(machine_of(R"("Type":"Parallel","End":true,"Branches":[)" + branches + "]"), input);
  run.go();
  EXPECT_NE(run.last("ExecutionFailed").find("too large together"), std::string::npos);
}

TEST(Group, TimeoutOfTheExecutionGivesEverythingUp) {
  Runner run(R"({"StartAt":"G","TimeoutSeconds":5,"States":{"G":{)" + parallel_of() + "}}}", "{}",
             true);
  run.answer = no_answer;
  run.go();
  EXPECT_EQ(run.types(),
            "1<0 ExecutionStarted\n2<0 ParallelStateEntered\n3<2 ParallelStateStarted\n"
            "4<3 TaskStateEntered\n5<4 TaskScheduled\n6<5 TaskStarted\n7<3 WaitStateEntered\n"
            "8<0 ExecutionTimedOut\n");
  EXPECT_EQ(run.cancelled, std::vector<std::string>{"4.0"});
  EXPECT_TRUE(run.timers.empty());
}

TEST(Group, ATurnIsBounded) {
  json::array items(60);
  Runner run(machine_of(R"("Type":"Map","End":true,"ItemProcessor":{"StartAt":"P","States":{"P":{
      "Type":"Pass","Next":"Q"},"Q":{"Type":"Pass","Next":"R"},"R":{"Type":"Pass","End":true}}})"),
             dump(items), true);
  run.take(Started{});
  EXPECT_EQ(run.timers.count("resume"), 1u);
  while (run.open()) run.advance();
  EXPECT_EQ(run.ended->status, Status::succeeded);
}

}  // namespace
}  // namespace trainyard::asl
