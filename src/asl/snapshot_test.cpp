// An execution that was stored goes on as if it had not been.
#include <set>

#include "asl/asl_testing.hpp"
#include "base/error.hpp"

namespace trainyard::asl {
namespace {

/// A machine with every kind of state, driven by chance.
std::string run_by_chance(uint64_t seed, bool restore) {
  static const std::string kDefinition = R"x({"StartAt":"Init","TimeoutSeconds":900,"States":{
    "Init":{"Type":"Pass","Result":{"n":0},"ResultPath":"$.c","Next":"Work"},
    "Work":{"Type":"Task","Resource":"arn:aws:states:::sagemaker:createTrainingJob.sync",
      "TimeoutSeconds":30,"ResultPath":"$.job",
      "Parameters":{"n.$":"States.MathRandom(0, 1000)","id.$":"States.UUID()"},
      "Retry":[{"ErrorEquals":["Busy"],"IntervalSeconds":1,"JitterStrategy":"FULL"},
               {"ErrorEquals":["States.Timeout"],"MaxAttempts":1}],
      "Catch":[{"ErrorEquals":["Gone"],"ResultPath":"$.e","Next":"Pause"}],"Next":"Again?"},
    "Again?":{"Type":"Choice","Choices":[
      {"Variable":"$.job.again","BooleanEquals":true,"Next":"Pause"},
      {"And":[{"Variable":"$.job.n","NumericGreaterThan":7},
              {"Variable":"$.job.n","IsNumeric":true}],"Next":"Bad"}],"Default":"Good"},
    "Pause":{"Type":"Wait","Seconds":2,"Next":"Work"},
    "Bad":{"Type":"Fail","Error":"Bad"},"Good":{"Type":"Succeed"}}})x";
  Runner run(kDefinition, "{}", restore);
  run.random = SeededRandom(seed + 1'000);
  SeededRandom chance(seed);
  run.answer = [&](const CallTask& call) -> std::optional<Event> {
    switch (chance.below(4)) {
      case 0:
        return fails(call.call, "Busy");
      case 1:
        return fails(call.call, chance.below(2) ? "Gone" : "Odd");
      default:
        return TaskSubmitted{call.call, json::object{{"Arn", call.call.text()}}};
    }
  };
  run.take(Started{});
  while (run.open()) {
    const Branch& branch = run.snapshot.branches.at(kRoot);
    if (branch.phase == Branch::Phase::submitted && chance.below(4) > 0) {
      run.take(TaskCompleted{
          {branch.entered, branch.attempt},
          {json::object{{"again", chance.below(2) == 0}, {"n", chance.below(10)}}, {}}});
    } else {
      run.advance();
    }
  }
  for (std::size_t i = 0; i < run.history.size(); ++i) {
    EXPECT_EQ(run.history[i].id, static_cast<int64_t>(i) + 1);
    EXPECT_LT(run.history[i].previous, run.history[i].id);
  }
  EXPECT_TRUE(run.ended.has_value());
  EXPECT_TRUE(run.timers.empty());
  return run.text();
}

TEST(Step, ARestoredSnapshotGoesOnAsTheOriginalAndIdsHaveNoGaps) {
  std::set<std::string> endings;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    std::string plain = run_by_chance(seed, false);
    ASSERT_EQ(plain, run_by_chance(seed, true)) << seed;
    for (const char* type : {"ExecutionSucceeded", "ExecutionFailed", "TaskTimedOut"}) {
      if (plain.find(type) != std::string::npos) endings.insert(type);
    }
  }
  EXPECT_EQ(endings.size(), 3u);
}

TEST(Snapshot, RefusesOtherVersionsAndDamage) {
  EXPECT_THROW(from_stored({R"({"version":3})", {}}), SystemError);
  EXPECT_THROW(from_stored({R"({"version":1,"status":"RUNNING"})", {}}), SystemError);
  EXPECT_FALSE(CallId::parse("8").has_value());
  EXPECT_FALSE(CallId::parse("8.x").has_value());
  EXPECT_EQ(CallId::parse("8.1"), (CallId{8, 1}));
}

TEST(Snapshot, ReadsVersion1) {
  Snapshot snapshot = from_stored(
      {R"({"version":1,"status":"RUNNING","lastEvent":4,"timers":["timeout:2.0"],"branches":[)"
       R"({"phase":"calling","state":"T","input":{"a":1},"entered":2,"enteredAt":5,)"
       R"("lastEvent":4,"attempt":0,"retries":[1]}]})",
       {}});
  EXPECT_EQ(snapshot.branches.at(kRoot).state, "T");
  EXPECT_EQ(dump(snapshot.branches.at(kRoot).input), R"({"a":1})");
  EXPECT_EQ(to_stored(from_stored(to_stored(snapshot))).core, to_stored(snapshot).core);
}

/// What goes too far with the result in it is caught with the input as it was.

}  // namespace
}  // namespace trainyard::asl
