#include "sdk/states.hpp"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "sdk/steps.hpp"

namespace trainyard::sdk {
namespace {

using ::testing::HasSubstr;

const char* kTime = "2026-11-29T08:00:00.000Z";

/// The rules of testdata/steps.py, in its order.
std::vector<Rule> every_rule() {
  const Placeholder twin("$.b");
  Time time;
  parse_iso8601(kTime, time);
  std::vector<Rule> rules;
  auto add = [&](auto make, auto value) {
    rules.push_back(make("$.a", value));
    rules.push_back(make("$.a", twin));
  };
  add(Rule::string_equals, "m");
  add(Rule::string_less_than, "m");
  add(Rule::string_less_than_equals, "m");
  add(Rule::string_greater_than, "m");
  add(Rule::string_greater_than_equals, "m");
  add(Rule::numeric_equals, 5);
  add(Rule::numeric_less_than, 5);
  add(Rule::numeric_less_than_equals, 5.0);
  add(Rule::numeric_greater_than, 5);
  add(Rule::numeric_greater_than_equals, 5);
  add(Rule::timestamp_equals, kTime);
  add(Rule::timestamp_less_than, time);
  add(Rule::timestamp_less_than_equals, kTime);
  add(Rule::timestamp_greater_than, time);
  add(Rule::timestamp_greater_than_equals, kTime);
  add(Rule::boolean_equals, true);
  rules.push_back(Rule::string_matches("$.a", "log-*.txt"));
  const StepInput input;
  rules.push_back(Rule::is_present(input["a"]));
  rules.push_back(Rule::is_null(input["a"], false));
  rules.push_back(Rule::is_string(input["a"]));
  rules.push_back(Rule::is_numeric(input["a"]));
  rules.push_back(Rule::is_boolean(input["a"]));
  rules.push_back(Rule::is_timestamp(input["a"]));
  return rules;
}

State each_order() {
  Task work("Work", "arn:aws:states:us-east-1:000000000000:activity:work",
            Parameters()
                .set("id", StepInput()["id"])
                .set("fixed", Parameters().set(
                                  "deep", std::vector<Parameters>{Parameters().set(
                                              "run", ExecutionInput()["run"])})));
  work.set("TimeoutSeconds", json::value(60))
      .set("HeartbeatSeconds", json::value(20))
      .retry({.error_equals = {"States.Timeout"},
              .interval_seconds = 2,
              .max_attempts = 4,
              .backoff_rate = 1.5})
      .retry({});
  Map each("Each");
  each.items_path("$.orders").max_concurrency(3).iterator(chain({Wait("Rest", 5), work}));
  return each
      .set("Parameters",
           Parameters().set("id", MapItem().dot("id")).set("index", MapItem::index()))
      .set("ResultPath", json::value("$.done"))
      .on_error({.error_equals = {"States.TaskFailed"}, .next = "Bad", .result_path = "$.error"});
}

State both_branches() {
  Time time;
  parse_iso8601(kTime, time);
  Parallel both("Both");
  both.set("Comment", json::value("side by side"));
  both.add_branch(Wait::until("Until", time))
      .add_branch(chain({Wait("By Input", StepInput().dot("s")),
                         Wait::until("At Input", StepInput().dot("t")),
                         Succeed("Enough").set("OutputPath", json::value("$.s"))}));
  return both.retry({.error_equals = {"States.BranchFailed"}, .max_attempts = 1})
      .on_error({.next = "Bad"});
}

TEST(States, AreWrittenAsThePythonSdkWritesThem) {
  Choice sort("Sort");
  sort.when(Rule::all({Rule::numeric_greater_than("$.n", 0.5),
                       Rule::negated(Rule::is_null("$.orders"))}),
            "Bad")
      .when(Rule::any(every_rule()), "Bad");
  Definition definition = chain(
      {Pass("First", json::object{{"n", 1}}).set("ResultPath", json::value("$.first")), sort,
       each_order(), both_branches(),
       StartExecutionStep("Nested", ExecutionInput()["machine"],
                          Parameters().set("a", StepInput()["a"])),
       StartExecutionStep("Ask", "arn:aws:states:us-east-1:000000000000:stateMachine:m",
                          Parameters().set("token", TaskToken()), Pattern::wait_for_task_token)},
      {Fail("Bad", "Orders.Bad", "no order was good")});
  definition.set("Comment", json::value("Every state"))
      .set("TimeoutSeconds", json::value(3600))
      .set("Version", json::value("1.0"));
  const fs::path golden = fs::path(TRAINYARD_SOURCE_DIR) / "src/sdk/testdata/steps.json";
  EXPECT_EQ(definition.to_json_text(true) + "\n", read_file(golden));
}

TEST(States, HaveWhatThePythonSdkLacks) {
  Map each("Each");
  each.item_processor(Pass("One"))
      .item_selector(Parameters().set("item", MapItem()))
      .max_concurrency(StepInput().dot("n"))
      .retry({.max_delay_seconds = 30, .jitter = Jitter::full});
  EXPECT_EQ(dump(each.to_json()),
            R"({"ItemProcessor":{"ProcessorConfig":{"Mode":"INLINE"},"StartAt":"One",)"
            R"("States":{"One":{"Type":"Pass","End":true}}},)"
            R"("ItemSelector":{"item.$":"$$.Map.Item.Value"},"MaxConcurrencyPath":"$.n",)"
            R"("Type":"Map","End":true,"Retry":[{"ErrorEquals":["States.ALL"],)"
            R"("MaxDelaySeconds":30,"JitterStrategy":"FULL"}]})");
  EXPECT_EQ(dump(Fail("F", Placeholder("$.e"), Placeholder("$.c")).to_json()),
            R"({"ErrorPath":"$.e","CausePath":"$.c","Type":"Fail"})");
}

TEST(States, NameIntegrations) {
  EXPECT_EQ(integration("sagemaker", "createModel"), "arn:aws:states:::sagemaker:createModel");
  EXPECT_EQ(integration("sagemaker", "createTrainingJob", Pattern::sync),
            "arn:aws:states:::sagemaker:createTrainingJob.sync");
  EXPECT_EQ(integration("aws-sdk:sagemaker", "listModels", Pattern::wait_for_task_token),
            "arn:aws:states:::aws-sdk:sagemaker:listModels.waitForTaskToken");
}

TEST(States, AChainGoesOnFromAChoiceByDefault) {
  const Rule rule = Rule::is_present("$.a");
  Choice open("C"), decided("D");
  open.when(rule, "Z");
  decided.when(rule, "Z").otherwise("Z");
  const Definition definition = chain({open, decided, Pass("Z")});
  const json::value states = definition.to_json().at("States");
  EXPECT_EQ(states.at("C").at("Default"), "D");
  EXPECT_EQ(states.at("D").at("Default"), "Z");
  EXPECT_FALSE(states.at("C").as_object().contains("End"));
}

void expect_refusal(const std::function<void()>& make, const std::string& why) {
  try {
    make();
    ADD_FAILURE() << "not refused: " << why;
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), HasSubstr(why));
  }
}

TEST(States, RefuseWhatCannotRun) {
  expect_refusal([] { Definition({Pass("A").next("B")}); }, "goes to 'B'");
  expect_refusal([] { Definition({Pass("A"), Pass("A")}); }, "two states");
  expect_refusal([] { Definition(std::vector<State>{}); }, "at least one state");
  expect_refusal([] { Succeed("A").next("B"); }, "no next");
  expect_refusal([] { chain({Fail("A", "E", "c"), Pass("B")}); }, "no next");
  // Names are unique in the whole machine, at whatever depth.
  expect_refusal(
      [] {
        Map inner("M");
        inner.item_processor(Pass("A"));
        Definition({Pass("A").next("P"), Parallel("P").add_branch(inner)});
      },
      "two states of the workflow are called 'A'");
  // A branch's states are not reachable from outside.
  expect_refusal(
      [] { Definition({Pass("A").next("B"), Parallel("P").add_branch(Pass("B"))}); },
      "goes to 'B'");
  expect_refusal([] { Rule::is_present("name"); }, "a path begins with $");
  expect_refusal([] { Rule::timestamp_equals("$.a", "tomorrow"); }, "not tomorrow");
}

}  // namespace
}  // namespace trainyard::sdk
