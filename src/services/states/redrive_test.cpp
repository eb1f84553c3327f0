// Redrives, and how long executions run, are kept and can be redriven.
#include "services/states/states_testing.hpp"

namespace trainyard::states {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;

constexpr hours kDay{24};

class RedriveTest : public StatesTest {
 protected:
  RedriveTest() { run(create_activity, {"work", {}, {}}); }

  /// An execution of two states whose second has failed.
  std::string failed(const std::string& name = "run") {
    const std::string definition =
        R"({"StartAt":"A","States":{"A":{"Type":"Pass","Next":"T"},"T":{"Type":"Task","End":true,)"
        R"("Resource":")" +
        kActivity + "\"}}}";
    std::string arn = start(create("flow", definition), name);
    run(send_task_failure, {take(), "Odd", "once"});
    EXPECT_EQ(describe(arn).status, "FAILED");
    return arn;
  }
  std::string take() {
    auto later = stream(get_activity_task, {kActivity, {}});
    auto output = later.finish();
    later.over(true);
    return output.task_token.value();
  }
  Time redrive(const std::string& arn, const std::optional<std::string>& token = {}) {
    return run(redrive_execution, {arn, token}).redrive_date;
  }
  /// Why it cannot be redriven; the operation and the description must agree.
  std::string obstacle(const std::string& arn) {
    auto described = describe(arn);
    std::string message;
    std::string code = error_of([&] { redrive(arn); }, &message);
    EXPECT_EQ(described.redrive_status, code.empty() ? "REDRIVABLE" : "NOT_REDRIVABLE");
    if (code.empty()) return "";
    EXPECT_EQ(code, "ExecutionNotRedrivable");
    EXPECT_EQ(message, "Execution '" + arn +
                           "' cannot be redriven: " + described.redrive_status_reason.value());
    return described.redrive_status_reason.value();
  }
  std::vector<std::string> listed(const std::string& machine, const std::string& filter) {
    ListExecutionsInput input;
    input.state_machine_arn = machine;
    input.redrive_filter = filter;
    std::vector<std::string> names;
    for (const auto& one : run(list_executions, input).executions) names.push_back(one.name);
    return names;
  }

  const std::string kActivity = "arn:aws:states:us-east-1:000000000000:activity:work";
};

TEST_F(RedriveTest, GoesOnWhereItFailed) {
  std::string arn = failed();
  EXPECT_EQ(describe(arn).redrive_status, "REDRIVABLE");
  EXPECT_EQ(describe(arn).redrive_count, 0);
  EXPECT_FALSE(describe(arn).redrive_date);
  clock.advance(kDay);
  EXPECT_EQ(redrive(arn), clock.now());
  auto running = describe(arn);
  EXPECT_EQ(running.status, "RUNNING");
  EXPECT_EQ(running.redrive_count, 1);
  EXPECT_EQ(running.redrive_date, clock.now());
  EXPECT_FALSE(running.stop_date);
  EXPECT_FALSE(running.error);
  run(send_task_success, {take(), R"("well")"});
  EXPECT_EQ(describe(arn).output, R"("well")");
  EXPECT_EQ(types(arn),
            "ExecutionStarted PassStateEntered PassStateExited TaskStateEntered ActivityScheduled "
            "ActivityStarted ActivityFailed ExecutionFailed ExecutionRedriven ActivityScheduled "
            "ActivityStarted ActivitySucceeded TaskStateExited ExecutionSucceeded");
  auto described = describe(arn);
  start(described.state_machine_arn, "other");
  EXPECT_THAT(listed(described.state_machine_arn, "REDRIVEN"), ElementsAre("run"));
  EXPECT_THAT(listed(described.state_machine_arn, "NOT_REDRIVEN"), ElementsAre("other"));
}

TEST_F(RedriveTest, ClientTokensMakeRepeatsHarmless) {
  std::string arn = failed();
  const Time first = redrive(arn, "one");
  clock.advance(std::chrono::minutes(1));
  EXPECT_EQ(redrive(arn, "one"), first);
  EXPECT_EQ(describe(arn).redrive_count, 1);
  EXPECT_EQ(error_of([&] { redrive(arn, "two"); }), "ExecutionNotRedrivable");
  run(send_task_failure, {take(), {}, {}});
  EXPECT_EQ(redrive(arn, "one"), first);  // of the same redrive still
  EXPECT_EQ(describe(arn).status, "FAILED");
  clock.advance(std::chrono::minutes(15));
  EXPECT_EQ(redrive(arn, "one"), clock.now());
  EXPECT_EQ(describe(arn).redrive_count, 2);
}

TEST_F(RedriveTest, OnlyTheLastTokensAreKnown) {
  site.limits.states.redrive_tokens = 2;
  std::string arn = failed();
  for (const char* token : {"one", "two", "three"}) {
    redrive(arn, token);
    run(send_task_failure, {take(), {}, {}});
  }
  redrive(arn, "two");
  EXPECT_EQ(describe(arn).redrive_count, 3);
  redrive(arn, "one");
  EXPECT_EQ(describe(arn).redrive_count, 4);
}

TEST_F(RedriveTest, SomeCannotBe) {
  std::string arn = failed();
  std::string good = start(create("good", one_pass()), "run");
  EXPECT_EQ(obstacle(good), "Execution is SUCCEEDED and cannot be redriven");
  EXPECT_EQ(obstacle(arn), "");  // and so it runs again
  EXPECT_EQ(obstacle(arn), "Execution is RUNNING and cannot be redriven");
  run(send_task_failure, {take(), {}, {}});
  site.limits.states.execution_time = kDay;
  clock.advance(kDay);
  EXPECT_EQ(obstacle(arn), "Execution has exceeded the max execution time");
  site.limits.states.execution_time = kDay * 365;
  clock.advance(kDay * 13 - std::chrono::milliseconds(1));
  EXPECT_EQ(describe(arn).redrive_status, "REDRIVABLE");
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(obstacle(arn), "Execution redrivable period exceeded");
}

TEST_F(RedriveTest, AHistoryNeedsRoom) {
  std::string arn = failed();
  write([&](Call& call) {
    call.txn.exec("UPDATE states_history SET id = ? WHERE type = 'ExecutionFailed'",
                  asl::kHistoryEventsMax - 1);
  });
  EXPECT_EQ(obstacle(arn), "Execution history event limit exceeded");
}

TEST_F(RedriveTest, AMachineThatIsBeingDeletedRedrivesNothing) {
  std::string arn = failed();
  const std::string machine = describe(arn).state_machine_arn;
  std::string other = start(machine, "other");
  run(delete_state_machine, {machine});
  EXPECT_EQ(obstacle(arn), "State machine is in DELETING status");
}

TEST_F(RedriveTest, OpenExecutionsAreCounted) {
  std::string arn = failed();
  std::string machine = describe(arn).state_machine_arn;
  site.limits.states.open_executions = 2;
  start(machine, "one");
  std::string second = start(machine, "two");
  EXPECT_EQ(error_of([&] { start(machine, "three"); }), "ExecutionLimitExceeded");
  EXPECT_EQ(error_of([&] { redrive(arn); }), "ExecutionLimitExceeded");
  run(stop_execution, {second, {}, {}});
  redrive(arn);
  EXPECT_EQ(error_of([&] { start(machine, "three"); }), "ExecutionLimitExceeded");
}

class RetentionTest : public StatesTest {
 protected:
  RetentionTest() {
    write([&](Call& call) { restore(call); });
    deliver_all();
  }
  int64_t rows(const std::string& table) {
    return read([&](Call& call) {
      return call.txn
          .one("SELECT count(*) FROM " + table, [](const Row& row) { return row.integer(0); })
          .value();
    });
  }
  /// Delivers what is due in the time until then, when it is due.
  void pass(Duration time) {
    const Time end = clock.now() + time;
    while (auto next = read([&](Call& call) { return outbox::next_due(call.txn, clock.now()); })) {
      if (*next > end) break;
      clock.set(*next);
      deliver_all();
    }
    clock.set(end);
    deliver_all();
  }
};

TEST_F(RetentionTest, NamesAreFreeNinetyDaysAfterTheEnd) {
  std::string machine = create("flow", one_pass());
  std::string arn = start(machine, "run", R"({"a":"b"})");
  pass(kDay * 90 - std::chrono::milliseconds(1));
  EXPECT_EQ(error_of([&] { start(machine, "run"); }), "ExecutionAlreadyExists");
  EXPECT_EQ(describe(arn).status, "SUCCEEDED");
  pass(std::chrono::milliseconds(1));
  EXPECT_EQ(error_of([&] { describe(arn); }), "ExecutionDoesNotExist");
  for (const char* table : {"states_executions", "states_history", "states_payloads"}) {
    EXPECT_EQ(rows(table), 0) << table;
  }
  EXPECT_EQ(start(machine, "run"), arn);
}

TEST_F(RetentionTest, ANameIsFreeBeforeTheSweepToo) {
  std::string machine = create("flow", one_pass());
  std::string arn = start(machine, "run", R"({"a":1})");
  clock.advance(kDay * 90);  // the daemon was not running
  EXPECT_EQ(start(machine, "run"), arn);
  EXPECT_EQ(describe(arn).input, "{}");
  EXPECT_EQ(describe(arn).start_date, clock.now());
}

TEST_F(RetentionTest, ASweepTakesSoManyAtATime) {
  std::string machine = create("flow", one_pass());
  constexpr int kMany = 103;
  for (int i = 0; i < kMany; ++i) start(machine, std::to_string(i));
  clock.advance(kDay * 90);
  EXPECT_EQ(deliver(), 1);
  EXPECT_EQ(rows("states_executions"), kMany - 100);
  deliver_all();
  EXPECT_EQ(rows("states_executions"), 0);
  EXPECT_EQ(waiting_messages("states.sweep"), 1);
}

TEST_F(RetentionTest, AYearIsTheLongest) {
  const std::string waits =
      R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":99999999,"End":true}}})";
  std::string arn = start(create("flow", waits), "run");
  pass(kDay * 30);
  std::string later = start(create("flow", waits), "later");
  pass(kDay * 335 - std::chrono::milliseconds(1));
  EXPECT_EQ(describe(arn).status, "RUNNING");
  pass(std::chrono::milliseconds(1));
  EXPECT_EQ(describe(arn).status, "TIMED_OUT");
  EXPECT_EQ(describe(arn).stop_date, clock.now());
  EXPECT_EQ(types(arn), "ExecutionStarted WaitStateEntered ExecutionTimedOut");
  EXPECT_EQ(describe(arn).redrive_status_reason, "Execution has exceeded the max execution time");
  EXPECT_EQ(describe(later).status, "RUNNING");
  pass(kDay * 30);
  EXPECT_EQ(describe(later).status, "TIMED_OUT");
  EXPECT_EQ(waiting_messages("states.timer"), 0);
}

}  // namespace
}  // namespace trainyard::states
