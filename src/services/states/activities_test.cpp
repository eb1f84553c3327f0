// Activities, their workers, and what the holder of a task's token says.
#include <future>

#include "services/states/states_testing.hpp"

namespace trainyard::states {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ActivitiesTest : public StatesTest {
 protected:
  std::string activity(const std::string& name = "work") {
    CreateActivityInput input;
    input.name = name;
    return run(create_activity, input).activity_arn;
  }
  /// An execution that waits for a worker of the activity.
  std::string scheduled(const std::string& name = "run", const std::string& more = "",
                        const std::string& text = R"({"n":1})") {
    const std::string machine = "flow-" + std::to_string(std::hash<std::string>()(more));
    return start(create(machine, one_activity(kActivity, more)), name, text);
  }
  Later<GetActivityTaskOutput> ask(const std::string& arn,
                                   const std::optional<std::string>& worker = {}) {
    return stream(get_activity_task, {arn, worker});
  }
  /// What a worker gets at once, if its connection holds.
  GetActivityTaskOutput take(const std::string& arn, bool sent = true) {
    auto later = ask(arn, "me");
    auto output = later.finish();
    later.over(sent);
    return output;
  }
  std::string succeed(const std::string& token, const std::string& output = "{}") {
    return error_of([&] { run(send_task_success, {token, output}); });
  }

  const std::string kActivity = "arn:aws:states:us-east-1:000000000000:activity:work";
};

TEST_F(ActivitiesTest, AreNamesWithTags) {
  CreateActivityInput input;
  input.name = "work";
  input.tags = {{Tag{"a", "1"}}};
  auto first = run(create_activity, input);
  EXPECT_EQ(first.activity_arn, kActivity);
  clock.advance(std::chrono::seconds(1));
  input.tags = {{Tag{"b", "2"}}};
  EXPECT_EQ(run(create_activity, input).creation_date, first.creation_date);
  EXPECT_EQ(run(list_tags_for_resource, {kActivity}).tags->at(0).key, "a");
  run(tag_resource, {kActivity, {Tag{"c", "3"}}});
  run(untag_resource, {kActivity, {"a"}});
  EXPECT_EQ(run(list_tags_for_resource, {kActivity}).tags->at(0).key, "c");
  auto described = run(describe_activity, {kActivity});
  EXPECT_EQ(described.name, "work");
  EXPECT_EQ(described.creation_date, first.creation_date);
  activity("b");
  activity("a");
  ListActivitiesInput list;
  list.max_results = 2;
  auto page = run(list_activities, list);
  EXPECT_EQ(page.activities.at(0).name + page.activities.at(1).name, "ab");
  list.next_token = page.next_token;
  page = run(list_activities, list);
  EXPECT_EQ(page.activities.at(0).activity_arn, kActivity);
  EXPECT_FALSE(page.next_token);
  run(delete_activity, {kActivity});
  run(delete_activity, {kActivity});  // twice is no error
  EXPECT_EQ(error_of([&] { run(describe_activity, {kActivity}); }), "ActivityDoesNotExist");
  activity();
  EXPECT_TRUE(run(list_tags_for_resource, {kActivity}).tags->empty());
}

TEST_F(ActivitiesTest, AWorkerTakesATaskAndEndsIt) {
  activity();
  std::string arn = scheduled();
  EXPECT_EQ(types(arn), "ExecutionStarted TaskStateEntered ActivityScheduled");
  auto task = take(kActivity);
  EXPECT_EQ(task.input, R"({"n":1})");
  EXPECT_EQ(types(arn), "ExecutionStarted TaskStateEntered ActivityScheduled ActivityStarted");
  EXPECT_EQ(history(arn).events.at(3).activity_started_event_details->worker_name, "me");
  EXPECT_EQ(succeed(*task.task_token, R"({"done":[1]})"), "");
  EXPECT_EQ(describe(arn).output, R"({"done":[1]})");
  EXPECT_EQ(types(arn),
            "ExecutionStarted TaskStateEntered ActivityScheduled ActivityStarted ActivitySucceeded "
            "TaskStateExited ExecutionSucceeded");
  EXPECT_EQ(succeed(*task.task_token), "TaskTimedOut");
  EXPECT_EQ(waiting_messages(), 0);
}

TEST_F(ActivitiesTest, WithoutATaskTheAnswerIsEmpty) {
  activity();
  site.limits.states.activity_poll = std::chrono::milliseconds(0);
  auto none = take(kActivity);
  EXPECT_FALSE(none.task_token);
  EXPECT_FALSE(none.input);
}

TEST_F(ActivitiesTest, AWorkerThatWaitsIsCalled) {
  activity();
  auto first = ask(kActivity, "first"), second = ask(kActivity, "second");
  EXPECT_EQ(first.wait->progress(), http::Wait::Progress::waiting);
  int calls = 0;
  std::promise<void> called;
  first.wait->call([&] {
    ++calls;
    called.set_value();
  });
  second.wait->call([&] { ++calls; });
  std::string arn = scheduled();
  called.get_future().wait();  // by the thread that has committed
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(first.wait->progress(), http::Wait::Progress::partial);
  EXPECT_EQ(second.wait->progress(), http::Wait::Progress::waiting);
  EXPECT_TRUE(first.finish().task_token);
  first.over(true);
  EXPECT_EQ(history(arn).events.at(3).activity_started_event_details->worker_name, "first");
}

TEST_F(ActivitiesTest, AThreadThatWaitsIsCalledToo) {
  activity();
  auto later = ask(kActivity);
  auto output = std::async(std::launch::async, [&] { return later.finish(); });
  scheduled();
  EXPECT_TRUE(output.get().task_token);
}

TEST_F(ActivitiesTest, TasksAreHandedOutInTheirOrderAndOnce) {
  activity();
  std::vector<std::string> arns, inputs;
  for (int i = 0; i < 3; ++i) {
    scheduled("run-" + std::to_string(i), "", std::to_string(i));
  }
  for (int i = 0; i < 3; ++i) inputs.push_back(*take(kActivity).input);
  EXPECT_THAT(inputs, ElementsAre("0", "1", "2"));
  site.limits.states.activity_poll = std::chrono::milliseconds(0);
  EXPECT_FALSE(take(kActivity).task_token);
}

TEST_F(ActivitiesTest, AnAnswerThatIsLostIsGivenAgain) {
  activity();
  std::string arn = scheduled();
  auto lost = take(kActivity, false);
  auto found = take(kActivity);
  EXPECT_EQ(found.task_token, lost.task_token);
  // Its history says once that it was started.
  EXPECT_EQ(types(arn), "ExecutionStarted TaskStateEntered ActivityScheduled ActivityStarted");
  site.limits.states.activity_poll = std::chrono::milliseconds(0);
  EXPECT_FALSE(take(kActivity).task_token);
}

TEST_F(ActivitiesTest, ACrashBeforeTheAnswerLosesNothing) {
  activity();
  scheduled();
  auto later = ask(kActivity);
  auto lost = later.finish();  // and the daemon ends before it knows that the answer is out
  site.limits.states.activity_poll = std::chrono::milliseconds(0);
  EXPECT_FALSE(take(kActivity).task_token);
  write([&](Call& call) { restore(call); });
  EXPECT_EQ(take(kActivity).task_token, lost.task_token);
  write([&](Call& call) { restore(call); });
  EXPECT_FALSE(take(kActivity).task_token);  // this one was answered
}

TEST_F(ActivitiesTest, ATaskThatHasEndedIsNotHandedOutAgain) {
  activity();
  scheduled();
  auto later = ask(kActivity);
  auto task = later.finish();
  write([&](Call& call) { restore(call); });  // the answer went out, but nobody noted it
  EXPECT_EQ(succeed(*task.task_token), "");
  site.limits.states.activity_poll = std::chrono::milliseconds(0);
  EXPECT_FALSE(take(kActivity).task_token);
}

TEST_F(ActivitiesTest, WhoeverHasGoneGetsNothing) {
  activity();
  scheduled();
  request.gone = [] { return true; };
  EXPECT_FALSE(take(kActivity).task_token);
  request.gone = nullptr;
  EXPECT_TRUE(take(kActivity).task_token);
}

TEST_F(ActivitiesTest, ACallThatCameTooLateGoesToTheNext) {
  activity();
  auto leaves = std::make_optional(ask(kActivity, "leaves"));
  auto stays = ask(kActivity, "stays");
  scheduled();
  EXPECT_EQ(stays.wait->progress(), http::Wait::Progress::waiting);
  leaves.reset();  // its connection has ended
  EXPECT_EQ(stays.wait->progress(), http::Wait::Progress::partial);
  EXPECT_TRUE(stays.finish().task_token);
}

TEST_F(ActivitiesTest, WorkersAreCounted) {
  activity();
  site.limits.states.pollers = 1;
  auto first = std::make_optional(ask(kActivity));
  std::string message;
  EXPECT_EQ(error_of([&] { ask(kActivity); }, &message), "ActivityWorkerLimitExceeded");
  EXPECT_THAT(message, HasSubstr(kActivity));
  first.reset();
  ask(kActivity);
}

TEST_F(ActivitiesTest, TasksFail) {
  activity();
  std::string arn = scheduled();
  auto token = take(kActivity).task_token.value();
  run(send_task_failure, {token, "Mine", "why"});
  EXPECT_EQ(describe(arn).status, "FAILED");
  EXPECT_EQ(describe(arn).error, "Mine");
  EXPECT_EQ(describe(arn).cause, "why");
  EXPECT_EQ(history(arn).events.at(4).activity_failed_event_details->error, "Mine");
  EXPECT_EQ(error_of([&] { run(send_task_failure, {token, {}, {}}); }), "TaskTimedOut");
}

TEST_F(ActivitiesTest, HeartbeatsKeepTasksAlive) {
  activity();
  std::string arn = scheduled("run", R"(,"HeartbeatSeconds":10)");
  auto token = take(kActivity).task_token.value();
  for (int i = 0; i < 3; ++i) {
    clock.advance(std::chrono::seconds(9));
    deliver_all();
    run(send_task_heartbeat, {token});
  }
  EXPECT_EQ(describe(arn).status, "RUNNING");
  clock.advance(std::chrono::seconds(10));
  deliver_all();
  EXPECT_EQ(describe(arn).error, "States.HeartbeatTimeout");
  EXPECT_THAT(types(arn), HasSubstr("ActivityStarted ActivityTimedOut ExecutionFailed"));
  EXPECT_EQ(error_of([&] { run(send_task_heartbeat, {token}); }), "TaskTimedOut");
  EXPECT_EQ(succeed(token), "TaskTimedOut");
}

TEST_F(ActivitiesTest, TasksThatNobodyWaitsForAreNotHandedOut) {
  activity();
  std::string late = scheduled("late", R"(,"TimeoutSeconds":10)");
  std::string stopped = scheduled("stopped");
  clock.advance(std::chrono::seconds(10));
  deliver_all();
  EXPECT_EQ(describe(late).error, "States.Timeout");
  run(stop_execution, {stopped, {}, {}});
  std::string deleted = create("deleted", one_activity(kActivity));
  start(deleted, "x");
  run(delete_state_machine, {deleted});
  site.limits.states.activity_poll = std::chrono::milliseconds(0);
  EXPECT_FALSE(take(kActivity).task_token);  // the last one ends as it would move on
  EXPECT_EQ(error_of([&] {
              run(describe_state_machine, {deleted, {}});
            }),
            "StateMachineDoesNotExist");
}

TEST_F(ActivitiesTest, TokensAreChecked) {
  activity();
  std::string arn = scheduled();
  auto token = take(kActivity).task_token.value();
  for (const char* bad : {"x", "YQ==", "{}", "AAAA"})
    EXPECT_EQ(succeed(bad), "InvalidToken") << bad;
  auto parsed = asl::TaskToken::parse(token).value();
  auto changed = parsed;
  changed.nonce = "guess";
  EXPECT_EQ(succeed(changed.text()), "TaskTimedOut");
  changed = parsed;
  changed.execution += "x";
  EXPECT_EQ(succeed(changed.text()), "TaskDoesNotExist");
  for (const char* bad : {"", "{", "nan", "{} {}"}) {
    EXPECT_EQ(succeed(token, bad), "InvalidOutput") << bad;
  }
  EXPECT_EQ(succeed(token, std::string(2000, '[') + std::string(2000, ']')), "InvalidOutput");
  EXPECT_EQ(describe(arn).status, "RUNNING");
  EXPECT_EQ(succeed(token, "null"), "");
  EXPECT_EQ(describe(arn).output, "null");
}

TEST_F(ActivitiesTest, ATaskOfNoActivityFails) {
  std::string arn = scheduled();
  EXPECT_EQ(types(arn),
            "ExecutionStarted TaskStateEntered ActivityScheduled ActivityScheduleFailed "
            "ExecutionFailed");
  EXPECT_EQ(describe(arn).error, "ActivityDoesNotExist");
}

}  // namespace
}  // namespace trainyard::states
