#include "identity/policies.hpp"
#include "services/states/aws_sdk.hpp"
#include "services/states/catalogue.hpp"
#include "services/states/nested.hpp"
#include "services/states/states_testing.hpp"

namespace trainyard::states {
namespace {

using ::testing::HasSubstr;

/// A machine of one task.
std::string one_task(const std::string& resource, const std::string& parameters,
                     const std::string& more = "") {
  return R"({"StartAt":"T","States":{"T":{"Type":"Task","End":true,"Resource":"arn:aws:states:::)" +
         resource + R"(","Parameters":)" + parameters + more + "}}}";
}

/// The door leads to this service itself, for the operations on executions.
class IntegrationsTest : public StatesTest {
 protected:
  IntegrationsTest() {
    door.handle = [](Call& call, const FakeDoor::Invocation& made) -> std::optional<json::object> {
      if (made.service != "states") return std::nullopt;
      if (made.operation == "StartExecution") return answer(call, made, start_execution);
      if (made.operation == "DescribeExecution") return answer(call, made, describe_execution);
      if (made.operation == "StopExecution") return answer(call, made, stop_execution);
      return std::nullopt;
    };
  }
  template <class Input, class Output>
  static json::object answer(Call& call, const FakeDoor::Invocation& made,
                             Output (*handler)(Call&, const Input&)) {
    Input input;
    wire::from_json(wire::shape_of<Input>(), made.input, &input, nullptr, made.form);
    Output output = handler(call, input);
    return wire::to_json(wire::shape_of<Output>(), &output, made.form).as_object();
  }
  std::string failure_of(const std::string& arn) {
    auto execution = describe(arn);
    return execution.error.value_or("") + ": " + execution.cause.value_or("");
  }
  json::object output_of(const std::string& arn) {
    auto execution = describe(arn);
    EXPECT_EQ(execution.status, "SUCCEEDED") << failure_of(arn);
    return parse_json(execution.output.value_or("{}"))->as_object();
  }
  std::string waits() {
    return create("waits", R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,
        "Next":"P"},"P":{"Type":"Pass","End":true}}})");
  }
  std::string parent(const std::string& pattern, const std::string& child,
                     const std::string& more = "") {
    return create("parent",
                  one_task("states:startExecution" + pattern,
                           R"({"StateMachineArn":")" + child + R"(","Input.$":"$"})", more));
  }
};

TEST_F(IntegrationsTest, SdkCallsHaveTheNamesOfTheSdk) {
  door.answer = [](const FakeDoor::Invocation& made) -> json::object {
    EXPECT_EQ(made.service, "logs");
    EXPECT_EQ(made.operation, "CreateLogGroup");
    EXPECT_EQ(made.form, wire::JsonForm::sdk);
    EXPECT_EQ(dump(made.input), R"({"LogGroupName":"g"})");
    return {{"B", 1}, {"A", 2}};
  };
  std::string arn = start(
      create("flow", one_task("aws-sdk:cloudwatchlogs:createLogGroup", R"({"LogGroupName":"g"})")),
      "run");
  EXPECT_EQ(deliver_all(), 1);
  EXPECT_EQ(describe(arn).output, R"({"A":2,"B":1})");
  auto scheduled = history(arn).events[2].task_scheduled_event_details;
  EXPECT_EQ(scheduled->resource_type, "aws-sdk:cloudwatchlogs");
  EXPECT_EQ(scheduled->resource, "createLogGroup");
}

TEST_F(IntegrationsTest, SdkErrorsAreWordedAsTheSdkDoes) {
  door.named_errors = {"NoSuchKey"};
  Integration s3 =
      *find_integration(door, asl::parse_resource("arn:aws:states:::aws-sdk:s3:getObject"));
  const json::value kParameters = json::object{{"Bucket", 5}};
  asl::Failure failure =
      sdk_failure(door, s3, kParameters, ApiError("NoSuchKey", 404, "No key."), "id-1");
  EXPECT_EQ(failure.error, "S3.NoSuchKeyException");
  EXPECT_EQ(failure.cause, "No key. (Service: S3, Status Code: 404, Request ID: id-1)");
  failure = sdk_failure(door, s3, kParameters, ApiError("SlowDown", 503, "Slow."), "id-1");
  EXPECT_EQ(failure.error, "S3.S3Exception");
  failure =
      sdk_failure(door, s3, kParameters, ApiError("SerializationException", 400, "why"), "id");
  EXPECT_EQ(failure.error, "States.Runtime");
  EXPECT_EQ(failure.cause,
            R"(The Parameters '{"Bucket":5}' could not be used to start the Task: [why])");
  EXPECT_EQ(dump(sdk_request(s3, {{"Body", "text"}})), R"x({"Body":"\"text\""})x");
  EXPECT_EQ(dump(sdk_request(s3, {{"Body", {{"a", 1}}}})), R"({"Body":{"a":1}})");
}

TEST_F(IntegrationsTest, TheCatalogueKnowsPatternsAndNames) {
  auto known = [&](const std::string& resource) {
    return find_integration(door, asl::parse_resource("arn:aws:states:::" + resource)).has_value();
  };
  for (const char* resource :
       {"sagemaker:createModel", "sagemaker:createTrainingJob.sync", "states:startExecution",
        "states:startExecution.sync", "states:startExecution.sync:2",
        "states:startExecution.waitForTaskToken", "aws-sdk:sfn:sendTaskSuccess",
        "aws-sdk:sagemaker:listModels.waitForTaskToken", "aws-sdk:sagemakerruntime:invokeEndpoint",
        "http:invoke"}) {
    EXPECT_TRUE(known(resource)) << resource;
  }
  for (const char* resource :
       {"sagemaker:createModel.sync", "sagemaker:createTrainingJob.sync:2", "sagemaker:listModels",
        "states:startExecution.sync:3", "states:stopExecution", "aws-sdk:sfn:startExecution.sync",
        "aws-sdk:sagemaker:ListModels", "aws-sdk:lambda:invoke", "http:invoke.waitForTaskToken",
        "http:get", "lambda:invoke"}) {
    EXPECT_FALSE(known(resource)) << resource;
  }
}

TEST_F(IntegrationsTest, AnExecutionThatEndsAtOnceIsNotMissed) {
  std::string child = create("child", one_pass());
  std::string texts[2];
  for (CallMode mode : {CallMode::inside, CallMode::outbox}) {
    std::string machine = parent(".sync", child);
    std::string arn = start(machine, "run", R"({"a":1})");
    deliver_all(mode);
    json::object got = output_of(arn);
    EXPECT_EQ(got.at("Output"), json::value(R"({"a":1})"));
    EXPECT_EQ(got.at("StartDate"), json::value(to_millis(clock.now())));
    EXPECT_EQ(types(arn),
              "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted "
              "TaskSubmitted TaskSucceeded TaskStateExited ExecutionSucceeded");
    EXPECT_EQ(waiting_messages(), 0);
    texts[mode == CallMode::outbox] = history_text(arn);
    run(delete_state_machine, {machine});
  }
  EXPECT_EQ(texts[0].size(), texts[1].size());
}

TEST_F(IntegrationsTest, TheEndOfAChildIsHeardOnlyByWhoWaits) {
  std::string child = waits();
  std::string waiting = start(parent(".sync:2", child), "run", R"({"a":[1]})");
  deliver_all();
  EXPECT_THAT(types(waiting), HasSubstr("TaskSubmitted"));
  std::string other = start(child, "other", "{}");
  clock.advance(std::chrono::seconds(60));
  while (true) {  // up to the event
    int count = 0;
    for (const auto& message : due()) count += message.kind == "events.put";
    if (count > 0) {
      EXPECT_EQ(count, 1);
      break;
    }
    ASSERT_GT(deliver(), 0);
  }
  deliver_all();
  EXPECT_EQ(describe(other).status, "SUCCEEDED");
  EXPECT_EQ(dump(output_of(waiting).at("Output")), R"({"a":[1]})");
  EXPECT_EQ(dump(output_of(waiting).at("Input")), R"({"a":[1]})");
}

TEST_F(IntegrationsTest, EventsTellOfEveryStatusToOthers) {
  door.heard_by = Listeners::others;
  std::string arn = start(create("child", one_pass()), "run", R"({"a":1})");
  auto messages = due();
  ASSERT_EQ(messages.size(), 2u);
  const json::object& running = messages[0].payload.at("detail").as_object();
  EXPECT_EQ(messages[0].payload.at("detail-type"), "Step Functions Execution Status Change");
  EXPECT_EQ(messages[0].payload.at("source"), "aws.states");
  EXPECT_EQ(messages[0].payload.at("resources").at(0), json::value(arn));
  EXPECT_EQ(running.at("status"), "RUNNING");
  EXPECT_EQ(running.at("startDate"), json::value(to_millis(clock.now())));
  EXPECT_TRUE(running.at("stopDate").is_null());
  EXPECT_EQ(dump(running.at("inputDetails")), R"({"included":true})");
  const json::object& ended = messages[1].payload.at("detail").as_object();
  EXPECT_EQ(ended.at("status"), "SUCCEEDED");
  EXPECT_EQ(ended.at("output"), R"({"a":1})");
  EXPECT_EQ(ended.at("stopDate"), json::value(to_millis(clock.now())));
  door.heard_by = Listeners::none;
  start(create("unheard", one_pass()), "run");
  EXPECT_EQ(waiting_messages("events.put"), 2);
}

TEST_F(IntegrationsTest, LongDataStaysOutOfEvents) {
  door.heard_by = Listeners::others;
  const std::string text = "\"" + std::string(200'000, 'x') + "\"";
  start(create("long", one_pass()), "run", text);
  const auto messages = due();
  const json::object& ended = messages.at(1).payload.at("detail").as_object();
  EXPECT_TRUE(ended.at("input").is_null());
  EXPECT_EQ(dump(ended.at("inputDetails")), R"({"included":false})");
  EXPECT_EQ(ended.at("output"), json::value(text));
}

TEST_F(IntegrationsTest, ChildrenThatDoNotSucceedFailTheTask) {
  std::string child = create("fails", R"({"StartAt":"F","States":{"F":{"Type":"Fail",
      "Error":"E","Cause":"C"}}})");
  std::string arn = start(parent(".sync", child), "run");
  deliver_all();
  EXPECT_THAT(failure_of(arn), HasSubstr(R"(States.TaskFailed: {"Cause":"C","Error":"E",)"));
  std::string stopped = waits();
  std::string waiting =
      start(create("other", one_task("states:startExecution.sync",
                                     R"({"StateMachineArn":")" + stopped + R"(","Name":"c"})")),
            "run");
  deliver_all();
  run(stop_execution, {execution_of(stopped, "c"), {}, {}});
  deliver_all();
  EXPECT_THAT(failure_of(waiting), HasSubstr(R"("Status":"ABORTED")"));
}

TEST_F(IntegrationsTest, AChildWhoseEventDoesNotComeIsAskedFor) {
  door.heard_by = Listeners::none;
  std::string arn = start(parent(".sync", waits()), "run");
  deliver_all();
  clock.advance(std::chrono::seconds(30));
  deliver_all();
  EXPECT_EQ(describe(arn).status, "RUNNING");
  clock.advance(std::chrono::seconds(30));  // the child ends, and is asked for
  deliver_all();
  EXPECT_EQ(waiting_messages(), 0);
  EXPECT_EQ(output_of(arn).at("Status"), "SUCCEEDED");
}

TEST_F(IntegrationsTest, TwoParentsShareAChild) {
  std::string child = waits();
  std::string machine =
      create("shares", one_task("states:startExecution.sync",
                                R"({"StateMachineArn":")" + child + R"(","Name":"shared"})"));
  std::string first = start(machine, "first"), second = start(machine, "second");
  deliver_all();
  clock.advance(std::chrono::seconds(60));
  deliver_all();
  EXPECT_EQ(output_of(first).at("ExecutionArn"), output_of(second).at("ExecutionArn"));
}

TEST_F(IntegrationsTest, AStopGoesDownATransactionALevel) {
  std::string leaf = waits();
  std::string middle =
      create("middle", one_task("states:startExecution.sync",
                                R"({"StateMachineArn":")" + leaf + R"(","Name":"leaf"})"));
  std::string top =
      start(create("top", one_task("states:startExecution.sync",
                                   R"({"StateMachineArn":")" + middle + R"(","Name":"middle"})")),
            "run");
  deliver_all();
  run(stop_execution, {top, {}, {}});
  EXPECT_EQ(describe(execution_of(middle, "middle")).status, "RUNNING");
  EXPECT_EQ(deliver(), 1);
  EXPECT_EQ(describe(execution_of(middle, "middle")).status, "ABORTED");
  deliver_all();
  EXPECT_EQ(describe(execution_of(leaf, "leaf")).status, "ABORTED");
  EXPECT_EQ(waiting_messages("states.stop"), 0);
}

TEST_F(IntegrationsTest, ACallThatMovesItsOwnExecutionIsMadeAlone) {
  std::string arn =
      start(create("flow", one_task("aws-sdk:sfn:stopExecution",
                                    R"({"ExecutionArn.$":"$$.Execution.Id","Error":"Enough"})")),
            "run");
  for (CallMode mode : {CallMode::inside, CallMode::outbox}) {
    deliver_all(mode);
    EXPECT_EQ(describe(arn).status, "ABORTED");
    EXPECT_EQ(describe(arn).error, "Enough");
    EXPECT_EQ(types(arn),
              "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted "
              "ExecutionAborted");
  }
}

TEST_F(IntegrationsTest, InputsOfChildrenAreJson) {
  auto input = [](const char* given) {
    return *find_string(nested_request(parse_json(given)->as_object()), "input");
  };
  EXPECT_EQ(input(R"({"Input":{"a":1}})"), R"({"a":1})");
  EXPECT_EQ(input(R"({"Input":"{\"a\": 1}"})"), R"({"a": 1})");
  EXPECT_EQ(input(R"({"Input":"words"})"), R"("words")");
  EXPECT_EQ(dump(nested_request({{"StateMachineArn", "a"}, {"Name", "n"}})),
            R"({"stateMachineArn":"a","name":"n"})");
}

TEST_F(IntegrationsTest, CallsIntoTheWorldLeaveTheTransaction) {
  std::string arn = start(
      create("flow",
             one_task("http:invoke", R"({"ApiEndpoint":"https://example.com/a","Method":"GET"})")),
      "run");
  ASSERT_EQ(waiting_messages("states.call"), 1);
  outbox::Message message = due().at(0);
  auto asked = [&] { return read([&](Call& call) { return *take_call(call, message); }); };
  auto refused = asked();
  EXPECT_EQ(std::get<asl::Failure>(refused).error, "States.Permissions");
  EXPECT_THAT(std::get<asl::Failure>(refused).cause, HasSubstr("states:InvokeHTTPEndpoint"));
  write([&](Call& call) {
    identity::put_inline_policy(call.txn, "AROAFlow", {"p", R"({"Version":"2012-10-17","Statement":
        {"Effect":"Allow","Action":"states:InvokeHTTPEndpoint","Resource":"*","Condition":
        {"StringEquals":{"states:HTTPMethod":"GET","states:HTTPEndpoint":"https://example.com/a"}}}})"});
  });
  EXPECT_THAT(std::get<asl::Failure>(asked()).cause, HasSubstr("--http-allow"));
  site.http_allow = {"https://example.com"};
  EXPECT_EQ(std::get<OutsideCall>(asked()).http->target, "/a");
  for (int i = 0; i < 2; ++i) {  // a repeat finds nobody
    write([&](Call& call) { take_result(call, message, {json::object{{"n", i}}, {}}); });
  }
  EXPECT_EQ(dump(output_of(arn)), R"({"n":0})");
  EXPECT_FALSE(read([&](Call& call) { return take_call(call, message); }).has_value());
}

TEST_F(IntegrationsTest, TokensEndCallsThatWaitForThem) {
  std::string child = create("child", one_pass());
  std::string machine = create("flow", one_task("states:startExecution.waitForTaskToken",
                                                R"({"StateMachineArn":")" + child +
                                                    R"(","Input":{"token.$":"$$.Task.Token"}})"));
  std::string arn = start(machine, "run");
  deliver_all();
  EXPECT_EQ(types(arn),
            "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted "
            "TaskSubmitted");
  auto started = calls_of("StartExecution").back();
  auto input = parse_json(*find_string(started.input, "input"))->as_object();
  EXPECT_TRUE(asl::TaskToken::parse(*find_string(input, "token")).has_value());
  EXPECT_EQ(waiting_messages(), 0);  // no job is asked for
}

TEST_F(IntegrationsTest, CredentialsNameTheRoleOfATask) {
  write([&](Call& call) {
    identity::Role role;
    role.name = "Target";
    role.arn = role_arn("Target");
    role.id = "AROATarget";
    role.trust = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
        "Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Condition":{"StringEquals":
        {"sts:ExternalId":"arn:aws:states:us-east-1:000000000000:stateMachine:flow"}}}})";
    role.created = call.now;
    identity::insert_role(call.txn, role);
  });
  auto task = [&](const std::string& name) {
    std::string definition = one_job();
    definition.insert(definition.find(R"("Parameters")"),
                      R"("Credentials":{"RoleArn.$":"$.role"},)");
    std::string arn =
        start(create(name, definition), "run",
              R"({"name":"job-)" + name + R"(","role":")" + role_arn("Target") + R"("})");
    deliver_all();
    return arn;
  };
  const std::string kRefused = "States.TaskFailed: The role " + role_arn() +
                               " is not authorized to assume the task state's role, " +
                               role_arn("Target") + ".";
  EXPECT_EQ(failure_of(task("flow")), kRefused);  // the machine's role may not
  write([&](Call& call) {
    identity::put_inline_policy(call.txn, "AROAFlow", {"p", R"({"Version":"2012-10-17","Statement":
        {"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}})"});
  });
  EXPECT_EQ(failure_of(task("other")), kRefused);  // the trust policy names another machine
  std::string arn = start("arn:aws:states:us-east-1:000000000000:stateMachine:flow", "again",
                          R"({"name":"job","role":")" + role_arn("Target") + R"("})");
  deliver_all();
  EXPECT_EQ(calls_of("CreateTrainingJob").back().principal.arn,
            "arn:aws:sts::000000000000:assumed-role/Target/again");
  EXPECT_EQ(history(arn).events[2].task_scheduled_event_details->task_credentials->role_arn,
            role_arn("Target"));
  run(stop_execution, {arn, {}, {}});
  deliver_all();
  EXPECT_EQ(calls_of("StopTrainingJob").back().principal.name, "Target");
}

TEST(StatesSchema, JobsOfOlderDaemonsAreStillWaitedFor) {
  TempDir dir;
  const auto all = test_migrations();
  const std::string job = "arn:aws:sagemaker:us-east-1:000000000000:training-job/j";
  {
    Store older(dir.path(), all.first(all.size() - 1));
    older.write([&](Txn& txn) {
      txn.exec("INSERT INTO states_waits(resource, execution, call) VALUES (?, 7, '2.0')", job);
      outbox::post(txn, "states.poll", job,
                   {{"task", "arn:aws:states:::sagemaker:createTrainingJob.sync"}}, from_millis(0));
      outbox::post(txn, "states.timer", job, {}, from_millis(0));
    });
  }
  Store store(dir.path(), all);
  store.read([&](Txn& txn) {
    const auto waits = find_waits(txn, job);
    ASSERT_EQ(waits.size(), 1u);
    EXPECT_EQ(waits[0].task, "arn:aws:states:::sagemaker:createTrainingJob.sync");
    const auto messages = outbox::due(txn, from_millis(1), 10);
    ASSERT_EQ(messages.size(), 2u);
    EXPECT_EQ(messages[0].key, "7#2.0");
    EXPECT_EQ(wait_of(txn, messages[0])->job, job);
    EXPECT_EQ(messages[1].key, job);
  });
}

}  // namespace
}  // namespace trainyard::states
