#include "services/states/states_testing.hpp"

namespace trainyard::states {
namespace {

using ::testing::HasSubstr;

class TurnTest : public StatesTest {};

TEST_F(TurnTest, APipelineRunsInFewTransactions) {
  std::string arn = start(create("flow", kPipeline), "run", kInput);
  EXPECT_EQ(types(arn), "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted");
  EXPECT_TRUE(calls_of("CreateTrainingJob").empty());
  EXPECT_EQ(deliver(), 1);
  EXPECT_THAT(types(arn), HasSubstr("TaskStarted TaskSubmitted"));
  EXPECT_EQ(waiting_messages("states.poll"), 1);
  EXPECT_EQ(waiting_messages(), 1);
  post_event("job", "InProgress");
  EXPECT_EQ(deliver(), 1);
  EXPECT_EQ(describe(arn).status, "RUNNING");
  clock.advance(std::chrono::seconds(30));
  post_event("job", "Completed", {{"ModelArtifacts", {{"S3ModelArtifacts", "s3://b/m"}}}});
  EXPECT_EQ(deliver(), 1);  // everything after the job in one transaction
  EXPECT_EQ(waiting_messages(), 0);

  auto execution = describe(arn);
  EXPECT_EQ(execution.status, "SUCCEEDED");
  EXPECT_EQ(execution.input, kInput);
  EXPECT_EQ(execution.stop_date, clock.now());
  auto output = parse_json(execution.output.value())->as_object();
  EXPECT_EQ(output.at("SdkHttpMetadata").at("HttpStatusCode"), 200);
  EXPECT_EQ(output.at("SdkHttpMetadata").at("HttpHeaders").at("Content-Length"), "2");
  EXPECT_EQ(output.at("SdkHttpMetadata").at("AllHttpHeaders").at("Date").at(0),
            json::value(http_date(clock.now())));
  EXPECT_EQ(output.at("SdkHttpMetadata").at("HttpHeaders").at("x-amzn-RequestId"),
            output.at("SdkResponseMetadata").at("RequestId"));
  std::string task = "TaskStateEntered TaskScheduled TaskStarted ";
  std::string done = "TaskSucceeded TaskStateExited ";
  EXPECT_EQ(types(arn), "ExecutionStarted " + task + "TaskSubmitted " + done + task + done + task +
                            done + task + done + "ExecutionSucceeded");
}

TEST_F(TurnTest, HistoryHasAwsDetails) {
  std::string arn = start(create("flow", kPipeline), "run", kInput);
  deliver();
  post_event("job", "Completed", {{"Tags", json::object{{"k", "v"}}}});
  deliver();
  auto events = history(arn).events;
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].id, static_cast<int64_t>(i) + 1);
    EXPECT_EQ(events[i].previous_event_id, i < 2 ? 0 : static_cast<int64_t>(i));
    EXPECT_EQ(events[i].timestamp, clock.now());
  }
  EXPECT_EQ(events[0].execution_started_event_details->input, kInput);
  EXPECT_EQ(events[0].execution_started_event_details->role_arn, role_arn());
  EXPECT_EQ(events[2].task_scheduled_event_details->parameters, R"({"TrainingJobName":"job"})");
  EXPECT_EQ(events[2].task_scheduled_event_details->region, "us-east-1");
  EXPECT_EQ(
      mask(events[4].task_submitted_event_details->output.value()),
      R"({"TrainingJobArn":")" + job_arn("job") +
          R"(","SdkHttpMetadata":{"AllHttpHeaders":{"x-amzn-RequestId":["ID"],)"
          R"("Content-Length":["78"],"Date":["Tue, 14 Nov 2023 22:13:20 GMT"],"Content-Type":)"
          R"(["application/x-amz-json-1.1"]},"HttpHeaders":{"x-amzn-RequestId":"ID",)"
          R"("Content-Length":"78","Date":"Tue, 14 Nov 2023 22:13:20 GMT","Content-Type":)"
          R"("application/x-amz-json-1.1"},"HttpStatusCode":200},"SdkResponseMetadata":)"
          R"({"RequestId":"ID"}})");
  EXPECT_EQ(events[5].task_succeeded_event_details->output,
            R"({"Tags":{"k":"v"},"TrainingJobName":"job","TrainingJobArn":")" + job_arn("job") +
                R"(","TrainingJobStatus":"Completed"})");
  EXPECT_EQ(events[5].task_succeeded_event_details->output_details->truncated, false);
  EXPECT_THAT(events[10].task_succeeded_event_details->output.value(),
              HasSubstr(R"({"ModelArn":"arn:model","SdkHttpMetadata")"));
}

TEST_F(TurnTest, IntrinsicFunctionsFillTheCall) {
  std::string arn = start(create("flow", R"x({"StartAt":"T","States":{"T":{"Type":"Task","End":true,
      "Resource":"arn:aws:states:::sagemaker:createModel",
      "Parameters":{"ModelName.$":"States.Format('{}-{}', $.name, $$.Execution.Name)"},
      "ResultSelector":{"Arn.$":"States.ArrayGetItem(States.Array($.ModelArn), 0)"}}}})x"),
                          "run", R"({"name":"m"})");
  deliver();
  EXPECT_EQ(find_string(calls_of("CreateModel").back().input, "ModelName"), "m-run");
  auto events = history(arn).events;
  EXPECT_EQ(events[2].task_scheduled_event_details->parameters, R"({"ModelName":"m-run"})");
  EXPECT_EQ(types(arn), "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted "
                        "TaskSucceeded TaskStateExited ExecutionSucceeded");
  EXPECT_EQ(describe(arn).output, R"({"Arn":"arn:model"})");
}

TEST_F(TurnTest, AnIntrinsicFailureIsCaughtBeforeTheCall) {
  const std::string kCause =
      "An error occurred while executing the state 'T' (entered at the event id #2). The function "
      "'States.MathAdd($.n, 1)' had the following error: Invalid arguments in States.MathAdd: "
      "argument 1 is no integer of 32 bits";
  for (const char* error : {"States.IntrinsicFailure", "States.ALL", "Other"}) {
    std::string definition = one_job(R"(,"Catch":[{"ErrorEquals":[")" + std::string(error) +
                                     R"("],"Next":"C"}]},"C":{"Type":"Pass","End":true)");
    definition.replace(definition.find("$.name"), 6, "States.MathAdd($.n, 1)");
    std::string name = "run-" + std::string(error).substr(std::string(error).find('.') + 1);
    std::string arn = start(create(name, definition), name, R"({"n":"one"})");
    deliver_all();
    auto execution = describe(arn);
    if (error == std::string("Other")) {
      EXPECT_EQ(types(arn), "ExecutionStarted TaskStateEntered ExecutionFailed");
      EXPECT_EQ(execution.error, "States.IntrinsicFailure");
      EXPECT_EQ(execution.cause, kCause);
    } else {
      EXPECT_EQ(types(arn), "ExecutionStarted TaskStateEntered TaskStateExited PassStateEntered "
                            "PassStateExited ExecutionSucceeded");
      EXPECT_EQ(execution.output,
                dump(json::object{{"Error", "States.IntrinsicFailure"}, {"Cause", kCause}}));
    }
  }
  EXPECT_TRUE(calls_of("CreateTrainingJob").empty());
}

TEST_F(TurnTest, CallsCarryTheRoleAndTags) {
  std::string arn = start(create("flow", kPipeline), "run", kInput);
  deliver();
  auto call = calls_of("CreateTrainingJob").back();
  EXPECT_EQ(call.service, "sagemaker");
  EXPECT_EQ(call.principal.arn, "arn:aws:sts::000000000000:assumed-role/Flow/run");
  EXPECT_EQ(call.principal.via_service, "states.amazonaws.com");
  EXPECT_EQ(dump(call.input),
            R"({"TrainingJobName":"job","Tags":[{"Key":"MANAGED_BY_AWS","Value":)"
            R"("STARTED_BY_STEP_FUNCTIONS"},{"Key":"AWS_STEP_FUNCTIONS_EXECUTION_ARN","Value":")" +
                arn + R"("}]})");
}

TEST_F(TurnTest, BothWaysOfCallingGiveTheSameHistory) {
  std::string machine = create("flow", kPipeline);
  std::map<CallMode, std::string> texts;
  std::map<CallMode, int> deliveries;
  for (CallMode mode : {CallMode::inside, CallMode::outbox}) {
    std::string arn = start(machine, "run", kInput);
    deliveries[mode] = deliver_all(mode);
    post_event("job", "Completed");
    deliveries[mode] += deliver_all(mode);
    EXPECT_EQ(describe(arn).status, "SUCCEEDED");
    texts[mode] = history_text(arn);
    run(delete_state_machine, {machine});
    machine = create("flow", kPipeline);
  }
  EXPECT_EQ(texts[CallMode::inside], texts[CallMode::outbox]);
  EXPECT_EQ(deliveries[CallMode::inside], 2);
  EXPECT_EQ(deliveries[CallMode::outbox], 5);
}

TEST_F(TurnTest, AJobThatFailsFailsTheTask) {
  std::string machine = create("flow", one_job());
  for (const char* status : {"Failed", "Stopped"}) {
    std::string name = std::string("run-") + status;
    std::string arn = start(machine, name, R"({"name":")" + name + R"("})");
    deliver();
    post_event(name, status, {{"FailureReason", "AlgorithmError: x"}});
    deliver();
    auto execution = describe(arn);
    EXPECT_EQ(execution.status, "FAILED");
    EXPECT_EQ(execution.error, "States.TaskFailed");
    EXPECT_THAT(execution.cause.value(), HasSubstr(R"({"FailureReason":"AlgorithmError: x")"));
    EXPECT_FALSE(execution.output);
    EXPECT_THAT(types(arn), HasSubstr("TaskSubmitted TaskFailed ExecutionFailed"));
  }
}

TEST_F(TurnTest, ApiErrorsBecomeNamedErrors) {
  struct {
    const char* code;
    int status;
    const char* error;
  } kCases[] = {
      {"ResourceInUse", 400, "SageMaker.ResourceInUseException"},
      {"ResourceLimitExceeded", 400, "SageMaker.ResourceLimitExceededException"},
      {"ConflictException", 409, "SageMaker.ConflictException"},
      {"ValidationException", 400, "SageMaker.AmazonSageMakerException"},
      {"AccessDeniedException", 403, "SageMaker.AmazonSageMakerException"},
  };
  std::string machine = create("flow", one_job());
  for (const auto& test : kCases) {
    door.answer = [&](const FakeDoor::Invocation&) -> json::object {
      throw ApiError(test.code, test.status, "It is so.");
    };
    std::string arn = start(machine, test.code, R"({"name":"n"})");
    deliver();
    auto details = history(arn).events.at(4).task_failed_event_details;
    EXPECT_EQ(details->error, test.error);
    EXPECT_EQ(mask(details->cause.value()),
              "It is so. (Service: AmazonSageMaker; Status Code: " + std::to_string(test.status) +
                  "; Error Code: " + test.code + "; Request ID: ID; Proxy: null)");
    EXPECT_EQ(details->resource, "createTrainingJob.sync");
    EXPECT_EQ(describe(arn).error, test.error);
  }
}

TEST_F(TurnTest, ARoleThatIsGoneIsAPermissionsError) {
  std::string arn = start(create("flow", one_job()), "run", R"({"name":"n"})");
  write(
      [&](Call& call) { identity::delete_role(call.txn, *identity::find_role(call.txn, "Flow")); });
  door.invocations.clear();
  deliver();
  EXPECT_EQ(describe(arn).error, "States.Permissions");
  EXPECT_THAT(describe(arn).cause.value(), HasSubstr(role_arn()));
  EXPECT_TRUE(door.invocations.empty());
}

TEST_F(TurnTest, ForeignAndRepeatedEventsDoNoHarm) {
  std::string machine = create("flow", one_job());
  std::string arn = start(machine, "run", R"({"name":"job"})");
  json::object tags{{"Tags", {{"AWS_STEP_FUNCTIONS_EXECUTION_ARN", arn}}}};
  auto call_message = due().at(0);
  deliver();
  post_event("unknown", "Completed", tags);
  deliver();
  EXPECT_EQ(describe(arn).status, "RUNNING");
  for (int i = 0; i < 2; ++i) post_event("job", "Completed", tags);
  deliver();
  EXPECT_EQ(types(arn),
            "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted TaskSubmitted "
            "TaskSucceeded TaskStateExited ExecutionSucceeded");
  std::string before = history_text(arn);
  post_event("job", "Completed", tags);
  post_event("job", "Failed", tags);
  deliver_all();
  write([&](Call& call) { deliver_task(call, call_message); });
  EXPECT_EQ(history_text(arn), before);
}

TEST_F(TurnTest, AJobWhoseEventDoesNotComeIsAskedFor) {
  std::string machine = create("flow", one_job());
  std::string texts[2];
  for (bool by_event : {true, false}) {
    std::string arn = start(machine, "run", R"({"name":"job"})");
    deliver();
    std::string status = "InProgress";
    bool denied = true;
    door.answer = [&](const FakeDoor::Invocation& call) -> json::object {
      if (denied) throw ApiError("AccessDeniedException", 400, "no");
      if (call.operation == "ListTags") {
        EXPECT_EQ(call.input.at("ResourceArn"), json::value(job_arn("job")));
        return {{"Tags", json::array{{{"Key", "k"}, {"Value", "v"}}}}};
      }
      EXPECT_EQ(call.operation, "DescribeTrainingJob");
      EXPECT_EQ(dump(call.input), R"({"TrainingJobName":"job"})");
      EXPECT_EQ(call.principal.arn, "arn:aws:sts::000000000000:assumed-role/Flow/run");
      return {{"TrainingJobName", "job"},
              {"TrainingJobArn", job_arn("job")},
              {"TrainingJobStatus", status},
              {"CreationTime", 1700000000.125},
              {"TrainingTimeInSeconds", 5},
              {"FinalMetricDataList", json::array{{{"Value", 1.5}, {"Timestamp", 1700000001}}}}};
    };
    for (int i = 0; i < 3; ++i) {  // refused, then told that it goes on, twice
      clock.advance(std::chrono::seconds(60));
      EXPECT_EQ(deliver(), 1);
      EXPECT_EQ(waiting_messages("states.poll"), 1);
      denied = false;
    }
    EXPECT_EQ(describe(arn).status, "RUNNING");
    status = "Completed";
    if (by_event) {
      post_event("job", "Completed",
                 {{"CreationTime", int64_t{1700000000125}},
                  {"TrainingTimeInSeconds", 5},
                  {"FinalMetricDataList",
                   json::array{{{"Value", 1.5}, {"Timestamp", int64_t{1700000001000}}}}},
                  {"Tags", json::object{{"k", "v"}}}});
    } else {
      clock.advance(std::chrono::seconds(60));
    }
    EXPECT_EQ(deliver(), 1);
    auto execution = describe(arn);
    EXPECT_EQ(execution.status, "SUCCEEDED");
    texts[by_event] = dump(sorted(*parse_json(execution.output.value())));
    EXPECT_EQ(waiting_messages(), 0);
    run(delete_state_machine, {machine});
    door.answer = [](const FakeDoor::Invocation&) -> json::object {
      return {{"TrainingJobArn", job_arn("job")}};
    };
    machine = create("flow", one_job());
  }
  EXPECT_EQ(texts[0], texts[1]);
}

TEST_F(TurnTest, APollThatComesTwiceGoesOnAsOne) {
  start(create("flow", one_job()), "run", R"({"name":"job"})");
  deliver();
  clock.advance(std::chrono::seconds(60));
  const auto poll = due().at(0);
  deliver();
  write([&](Call& call) { deliver_poll(call, poll); });
  EXPECT_EQ(waiting_messages("states.poll"), 1);
}

TEST_F(TurnTest, StopExecutionStopsTheJobAndItsTimers) {
  std::string definition = one_job(R"(,"TimeoutSeconds":60)");
  definition.insert(1, R"("TimeoutSeconds":600,)");
  std::string machine = create("flow", definition);
  std::string arn = start(machine, "run", R"({"name":"job"})");
  deliver();
  EXPECT_EQ(waiting_messages("states.timer"), 2);  // both timeouts
  clock.advance(std::chrono::seconds(1));
  auto stopped = run(stop_execution, {arn, "Why", "Because"});
  EXPECT_EQ(stopped.stop_date, clock.now());
  EXPECT_EQ(deliver(), 1);
  EXPECT_EQ(dump(calls_of("StopTrainingJob").back().input), R"({"TrainingJobName":"job"})");
  EXPECT_EQ(waiting_messages(), 0);
  auto execution = describe(arn);
  EXPECT_EQ(execution.status, "ABORTED");
  EXPECT_EQ(execution.error, "Why");
  EXPECT_EQ(execution.cause, "Because");
  auto last = history(arn).events.back();
  EXPECT_EQ(last.type, "ExecutionAborted");
  EXPECT_EQ(last.previous_event_id, 0);
  post_event("job", "Stopped");
  deliver_all();
  clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(run(stop_execution, {arn, {}, {}}).stop_date, stopped.stop_date);
  EXPECT_EQ(history(arn).events.back().id, last.id);
}

TEST_F(TurnTest, StopBeforeTheCallMakesNoCall) {
  std::string arn = start(create("flow", one_job()), "run", R"({"name":"job"})");
  run(stop_execution, {arn, {}, {}});
  EXPECT_EQ(waiting_messages(), 0);
  EXPECT_TRUE(calls_of("CreateTrainingJob").empty());
  EXPECT_TRUE(calls_of("StopTrainingJob").empty());
}

TEST_F(TurnTest, TimeoutsFireAtTheirTimes) {
  std::string definition = one_job(
      R"(,"TimeoutSeconds":60,"Retry":[{"ErrorEquals":["States.Timeout"],"IntervalSeconds":10}])");
  definition.insert(1, R"("TimeoutSeconds":100,)");
  std::string arn = start(create("flow", definition), "run", R"({"name":"job"})");
  deliver();
  clock.advance(std::chrono::seconds(59));
  EXPECT_EQ(deliver_all(), 0);
  door.answer = [&](const FakeDoor::Invocation& call) -> json::object {
    if (call.operation == "StopTrainingJob") throw ApiError("AccessDeniedException", 400, "no");
    return {{"TrainingJobArn", job_arn("second")}};
  };
  clock.advance(std::chrono::seconds(1));
  deliver_all();
  EXPECT_THAT(types(arn), HasSubstr("TaskSubmitted TaskTimedOut"));
  EXPECT_FALSE(calls_of("StopTrainingJob").empty());
  clock.advance(std::chrono::seconds(10));
  deliver_all();
  EXPECT_THAT(types(arn), HasSubstr("TaskTimedOut TaskScheduled TaskStarted TaskSubmitted"));
  clock.advance(std::chrono::seconds(30));
  deliver_all();
  EXPECT_EQ(describe(arn).status, "TIMED_OUT");
  EXPECT_EQ(history(arn).events.back().type, "ExecutionTimedOut");
  EXPECT_EQ(waiting_messages(), 0);
}

TEST_F(TurnTest, ALongRunGoesOnInFurtherTurns) {
  std::string states;
  const int kCount = 2 * asl::kStepsPerTurn + 10;
  for (int i = 0; i < kCount; ++i) {
    states += "\"S" + std::to_string(i) + R"(":{"Type":"Pass","Next":"S)" + std::to_string(i + 1) +
              "\"},";
  }
  std::string last = "S" + std::to_string(kCount);
  std::string arn = start(create("flow", R"({"StartAt":"S0","States":{)" + states + "\"" + last +
                                             R"(":{"Type":"Succeed"}}})"),
                          "run");
  EXPECT_EQ(describe(arn).status, "RUNNING");
  EXPECT_EQ(deliver_all(), 2);
  EXPECT_EQ(describe(arn).status, "SUCCEEDED");
}

/// A Map over `depth` levels of arrays, down to a Pass state.
std::string nested_maps(int depth) {
  std::string flow = R"({"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}})";
  for (int i = 0; i < depth; ++i) {
    std::string name = "M" + std::to_string(i);
    flow = R"({"StartAt":")" + name + R"(","States":{")" + name +
           R"(":{"Type":"Map","End":true,"ItemProcessor":)" + flow + "}}}";
  }
  return flow;
}

std::string nested_arrays(int depth, int width) {
  std::string value = "1";
  for (int i = 0; i < depth; ++i) {
    std::string all = "[" + value;
    for (int j = 1; j < width; ++j) all += "," + value;
    value = all + "]";
  }
  return value;
}

TEST_F(TurnTest, NobodyWaitsLongerThanOneTurnOfEachOther) {
  // As many turns as it takes alone, whatever runs beside it.
  auto rounds = [&](const std::string& arn) {
    int count = 0;
    for (; describe(arn).status == "RUNNING"; ++count) deliver();
    return count;
  };
  std::string states;
  for (int i = 0; i < 3 * asl::kStepsPerTurn; ++i) {
    states += "\"S" + std::to_string(i) + R"(":{"Type":"Pass","Next":"S)" + std::to_string(i + 1) +
              "\"},";
  }
  std::string chain = create("chain", R"({"StartAt":"S0","States":{)" + states + "\"S" +
                                          std::to_string(3 * asl::kStepsPerTurn) +
                                          R"(":{"Type":"Succeed"}}})");
  const int alone = rounds(start(chain, "alone"));
  std::string endless =
      start(create("loop", R"({"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{)"
                           R"("Type":"Choice","Choices":[{"Variable":"$.never","IsPresent":true,)"
                           R"("Next":"C"}],"Default":"A"},"C":{"Type":"Succeed"}}})"),
            "run");
  std::string wide = start(create("wide", nested_maps(1)), "run", nested_arrays(1, 10'000));
  std::string deep = start(create("deep", nested_maps(12)), "run", nested_arrays(12, 2));
  EXPECT_EQ(rounds(start(chain, "beside")), alone);
  for (const auto& arn : {endless, wide, deep}) EXPECT_EQ(describe(arn).status, "RUNNING");
  run(stop_execution, {endless, {}, {}});
  run(stop_execution, {deep, {}, {}});
  EXPECT_GT(rounds(wide), 10);
  EXPECT_EQ(describe(wide).cause,
            "The execution reached the maximum number of history events (25000).");
}

TEST_F(TurnTest, DeletingAMachineEndsItsExecutionsAsTheyMove) {
  std::string machine = create("flow", kPipeline);
  std::string arn = start(machine, "run", kInput);
  deliver();
  run(delete_state_machine, {machine});
  EXPECT_EQ(run(describe_state_machine, {machine, {}}).status, "DELETING");
  EXPECT_EQ(error_of([&] { start(machine, "two"); }), "StateMachineDeleting");
  EXPECT_EQ(error_of([&] { create("flow", kPipeline); }), "StateMachineDeleting");
  EXPECT_EQ(describe(arn).status, "RUNNING");
  post_event("job", "Completed");
  deliver();
  EXPECT_TRUE(calls_of("CreateModel").empty());
  EXPECT_EQ(error_of([&] {
              run(describe_state_machine, {machine, {}});
            }),
            "StateMachineDoesNotExist");
  EXPECT_EQ(error_of([&] { describe(arn); }), "ExecutionDoesNotExist");
  create("flow", kPipeline);
  EXPECT_EQ(start(machine, "run", kInput), arn);
}

TEST_F(TurnTest, PayloadsThatRepeatAreStoredOnce) {
  std::string big = "{\"k\":\"" + std::string(5'000, 'x') + "\"}";
  start(create("flow", one_pass()), "run", big);
  int64_t rows = read([](Call& call) {
    return call.txn
        .one("SELECT count(*) FROM states_payloads", [](const Row& row) { return row.integer(0); })
        .value();
  });
  EXPECT_EQ(rows, 1);
}

}  // namespace
}  // namespace trainyard::states
