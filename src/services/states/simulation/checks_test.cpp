#include "services/states/simulation/checks.hpp"

#include <gmock/gmock.h>

#include "services/states/simulation/stage.hpp"
#include "services/states/simulation/world.hpp"

namespace trainyard::states::simulation {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kCall = "w|S|r|0|t|0|0";

/// "3<2 TaskScheduled", one after the other, a second apart.
std::vector<HistoryEvent> history(const std::vector<std::string>& lines) {
  std::vector<HistoryEvent> events;
  for (const std::string& line : lines) {
    HistoryEvent event;
    const std::size_t arrow = line.find('<'), space = line.find(' ');
    event.id = std::stoll(line.substr(0, arrow));
    event.previous_event_id = std::stoll(line.substr(arrow + 1, space - arrow - 1));
    event.type = line.substr(space + 1);
    event.timestamp = from_millis(1000 * event.id);
    if (event.type == "TaskScheduled") {
      event.task_scheduled_event_details.emplace().parameters =
          std::string(R"({"ModelName":")") + kCall + "\"}";
    }
    if (event.type.ends_with("StateEntered"))
      event.state_entered_event_details.emplace().name = "S";
    if (event.type.ends_with("StateExited")) event.state_exited_event_details.emplace().name = "S";
    events.push_back(std::move(event));
  }
  return events;
}

const std::vector<std::string> kTask{
    "1<0 ExecutionStarted", "2<0 TaskStateEntered", "3<2 TaskScheduled",     "4<3 TaskStarted",
    "5<4 TaskSucceeded",    "6<5 TaskStateExited",  "7<6 ExecutionSucceeded"};

TEST(Checks, AWholeHistoryIsTaken) {
  EXPECT_THAT(check_history(history(kTask), "SUCCEEDED"), IsEmpty());
  EXPECT_THAT(check_calls({kCall}, {history(kTask)}), IsEmpty());
}

TEST(Checks, FaultsOfAHistoryAreSeen) {
  struct {
    std::size_t line;
    const char* instead;
    const char* fault;
  } kCases[] = {
      {1, "3<0 TaskStateEntered", "event 2 has the id 3"},
      {2, "3<3 TaskScheduled", "event 3 comes from 3"},
      {3, "4<2 TaskStarted", "event 4 TaskStarted comes from 2 TaskStateEntered"},
      {4, "5<4 ExecutionFailed", "event 5 of 7 is ExecutionFailed"},
      {5, "6<5 PassStateExited", "event 6 PassStateExited comes from 5 TaskSucceeded"},
      {1, "2<0 TaskSubmitted", "event 6 leaves S, where nobody is"},
      {0, "1<0 PassStateEntered", "it begins with no start"},
      {6, "7<6 TaskStateExited", "event 7 of 7 is TaskStateExited"},
      {6, "7<6 ExecutionFailed", "SUCCEEDED ends with ExecutionFailed"},
  };
  for (const auto& test : kCases) {
    auto lines = kTask;
    lines[test.line] = test.instead;
    EXPECT_THAT(check_history(history(lines), "SUCCEEDED"), testing::Contains(test.fault))
        << test.instead;
  }
  auto events = history(kTask);
  events[4].timestamp = events[0].timestamp;
  EXPECT_THAT(check_history(events, "SUCCEEDED"), ElementsAre("event 5 is before 4"));
  EXPECT_THAT(check_history({}, "SUCCEEDED"), ElementsAre("no history"));
}

TEST(Checks, CallsThatAreTooManyOrMissingAreSeen) {
  EXPECT_THAT(check_calls({}, {history(kTask)}),
              ElementsAre(std::string("succeeded without a call: ") + kCall));
  EXPECT_THAT(check_calls({kCall, kCall}, {history(kTask)}),
              ElementsAre(std::string("called twice: ") + kCall));
  EXPECT_THAT(check_calls({kCall, "w|S|r|0|t|1|0"}, {history(kTask)}),
              ElementsAre("called and not scheduled: w|S|r|0|t|1|0"));
  auto lines = kTask;
  lines[3] = "4<3 TaskScheduled";
  EXPECT_THAT(check_calls({kCall}, {history(lines)}),
              ElementsAre(std::string("scheduled twice: ") + kCall));
  // Two executions may come to the same name.
  EXPECT_THAT(check_calls({kCall, kCall}, {history(kTask), history(kTask)}), IsEmpty());
  EXPECT_THAT(check_calls({kCall, kCall, kCall}, {history(kTask), history(kTask)}),
              ElementsAre(std::string("called twice: ") + kCall));
}

TEST(Checks, WhatIsLeftBehindIsSeen) {
  Stage stage;
  auto faults = stage.read([](Txn& txn) { return check_leftovers(txn); });
  EXPECT_THAT(faults, IsEmpty());
  EXPECT_THAT(stage.read([](Txn& txn) { return check_emptiness(txn); }), IsEmpty());
  Plan plan;
  World world(plan);
  SeededRandom random(1);
  stage.write(world, Time{}, random, [](Call& call) {
    outbox::post(call.txn, "states.timer", "arn#wait:2", {}, Time{});
    outbox::post(call.txn, "states.event", "rule", {}, Time{});
    call.txn.exec(
        "INSERT INTO states_jobs(execution, call, job, task) VALUES (1, '2.0', 'job', 't')");
  });
  EXPECT_THAT(stage.read([](Txn& txn) { return check_leftovers(txn); }),
              ElementsAre("left behind: states.timer arn#wait:2 due 1970-01-01T00:00:00.000Z",
                          "left behind: wait for job of 2.0"));
  EXPECT_THAT(stage.read([](Txn& txn) { return check_emptiness(txn); }),
              ElementsAre("the deleted machine has left rows in states_jobs"));
}

TEST(Checks, WhatMayDifferIsMasked) {
  EXPECT_EQ(
      masked(
          R"({"id":"0b9c2f5e-1111-4222-8333-123456789abc","Cause":"{\"Name\":\"w|S|r|0|t|1|0\"}"})"),
      R"({"id":"UUID","Cause":"{\"Name\":\"CALL\"}"})");
  EXPECT_EQ(masked("(entered at the event id #17). w|S"), "(entered at the event id #N). CALL");
  EXPECT_EQ(masked("w|S|r|0|t|1|0"), "CALL");
  EXPECT_EQ(masked(R"({"key":"r-2.S10.0","n":0})"), R"({"key":"CHILD","n":0})");
  EXPECT_EQ(masked(R"({"key":"r-2","text":"r"})"), R"({"key":"r-2","text":"r"})");
  EXPECT_EQ(masked(R"({\"StartDate\":1700000000125,"n":17})"), R"({\"StartDate\":TIME,"n":17})");
}

}  // namespace
}  // namespace trainyard::states::simulation
