#include "services/states/states_testing.hpp"

namespace trainyard::states {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OperationsTest : public StatesTest {
 protected:
  CreateStateMachineInput machine_input(const std::string& name = "flow") {
    CreateStateMachineInput input;
    input.name = name;
    input.definition = one_pass();
    input.role_arn = role_arn();
    return input;
  }
  /// Code and text of the error that creating with this input gives.
  std::string refusal(const CreateStateMachineInput& input) {
    std::string message;
    std::string code = error_of([&] { run(create_state_machine, input); }, &message);
    return code + ": " + message;
  }
};

TEST_F(OperationsTest, CreateAndDescribe) {
  auto created = run(create_state_machine, machine_input());
  EXPECT_EQ(created.state_machine_arn, "arn:aws:states:us-east-1:000000000000:stateMachine:flow");
  EXPECT_EQ(created.creation_date, clock.now());
  auto described = run(describe_state_machine, {created.state_machine_arn, {}});
  EXPECT_EQ(
      dump(wire::to_json(described)),
      R"({"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:flow",)"
      R"("name":"flow","status":"ACTIVE","definition":)" +
          dump(json::value(one_pass())) +
          R"(,"roleArn":"arn:aws:iam::000000000000:role/Flow","type":"STANDARD",)"
          R"("creationDate":1700000000,"loggingConfiguration":{"level":"OFF","includeExecutionData":false},)"
          R"("tracingConfiguration":{"enabled":false}})");
}

TEST_F(OperationsTest, CreatingTwice) {
  auto input = machine_input();
  input.tags = {{Tag{"a", "1"}}};
  auto first = run(create_state_machine, input);
  clock.advance(std::chrono::seconds(1));
  input.role_arn = role_arn("Other");  // neither role nor tags count
  input.tags = {{Tag{"b", "2"}}};
  auto second = run(create_state_machine, input);
  EXPECT_EQ(second.state_machine_arn, first.state_machine_arn);
  EXPECT_EQ(second.creation_date, first.creation_date);
  EXPECT_EQ(run(list_tags_for_resource, {first.state_machine_arn}).tags->at(0).key, "a");
  EXPECT_EQ(run(describe_state_machine, {first.state_machine_arn, {}}).role_arn, role_arn());
  input.definition += " ";
  EXPECT_EQ(refusal(input), "StateMachineAlreadyExists: State Machine Already Exists: '" +
                                first.state_machine_arn + "'");
}

TEST_F(OperationsTest, NamesAndOtherInput) {
  for (const char* name :
       {"a b", "a/b", "a:b", "", "a*", "a\x7f", "a\xc2\x85", "a\nb", "a$", "a`"}) {
    EXPECT_EQ(refusal(machine_input(name)),
              "InvalidName: Invalid Name: '" + std::string(name) + "'");
  }
  EXPECT_EQ(refusal(machine_input(std::string(81, 'n'))).substr(0, 11), "InvalidName");
  for (const char* name : {"a.b-c_d", "é", "A(1)@x=y+'!"}) {
    EXPECT_EQ(refusal(machine_input(name)), ": ");
  }
  auto input = machine_input("x");
  input.role_arn = "Flow";
  EXPECT_EQ(refusal(input), "InvalidArn: Invalid Role Arn: 'Flow'");
  input = machine_input("x");
  input.definition = R"x({"StartAt":"P","States":{"P":{"Type":"Pass","End":true,
      "Parameters":{"id.$":"States.UUID(1)"}}}})x";
  EXPECT_EQ(refusal(input),
            "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The "
            "value for the field 'id.$' must be a valid JSONPath or a valid intrinsic function "
            "call at /States/P/Parameters'");
  input = machine_input("x");
  input.type = "EXPRESS";
  EXPECT_THAT(refusal(input), HasSubstr("StateMachineTypeNotSupported: "));
  input = machine_input("x");
  input.logging_configuration.emplace().level = "ALL";
  EXPECT_THAT(refusal(input), HasSubstr("InvalidLoggingConfiguration: "));
  input = machine_input("x");
  input.tracing_configuration.emplace().enabled = true;
  EXPECT_THAT(refusal(input), HasSubstr("InvalidTracingConfiguration: "));
  input = machine_input("x");
  for (int i = 0; i < 51; ++i) {
    if (!input.tags) input.tags.emplace();
    input.tags->push_back({std::to_string(i), "v"});
  }
  EXPECT_THAT(refusal(input), HasSubstr("TooManyTags: "));
}

TEST_F(OperationsTest, DefinitionsAreCheckedAgainstWhatThereIs) {
  struct Door final : trainyard::Door {
    json::object invoke(Call&, const Caller&, std::string_view, std::string_view,
                        const json::object&, wire::JsonForm) override {
      return {};
    }
    std::optional<wire::Mode> mode_of(std::string_view, std::string_view name) const override {
      return name == "CreateLabelingJob" ? std::nullopt : std::optional(wire::Mode::write);
    }
    bool has_member(std::string_view, std::string_view, std::string_view member,
                    wire::JsonForm) const override {
      return member != "key";
    }
    std::string_view error_shape(std::string_view, std::string_view) const override { return ""; }
    Listeners listeners(Call&, std::string_view, std::string_view) const override {
      return Listeners::none;
    }
  } strict;
  auto refused = [&](const std::string& resource, const std::string& parameters) {
    auto input = machine_input();
    input.definition =
        R"({"StartAt":"Train Step","States":{"Train Step":{"Type":"Task","End":true,)"
        R"("Resource":")" +
        resource + R"(","Parameters":)" + parameters + "}}}";
    std::string message;
    error_of(
        [&] {
          write([&](Call& call) {
            Call other{call.txn, call.caller, call.now,      call.random,    call.site,
                       strict,   call.blobs,  call.segments, call.request_id};
            return create_state_machine(other, input);
          });
        },
        &message);
    return message;
  };
  EXPECT_EQ(refused("arn:aws:states:::sagemaker:createTrainingJob.sync", R"({"key":1})"),
            "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The field \"key\" is not "
            "supported by Step Functions at /States/Train Step/Parameters'");
  for (const char* resource :
       {"arn:aws:states:::sagemaker:createLabelingJob",
        "arn:aws:states:::sagemaker:createModel.sync",
        "arn:aws:states:::sagemaker:describeTrainingJob", "arn:aws:states:::sqs:sendMessage",
        "arn:aws:states:::sagemaker:createTrainingJob.waitForTaskToken",
        "arn:aws:lambda:us-east-1:000000000000:function:f", "x"}) {
    EXPECT_EQ(
        refused(resource, "{}"),
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The resource provided " +
            std::string(resource) +
            " is not recognized. The value is not a valid resource ARN, or the resource is "
            "not available in this region. at /States/Train Step/Resource'");
  }
  EXPECT_EQ(refused("arn:aws:states:::sagemaker:createModel", R"({"ModelName.$":"$.n"})"), "");
}

TEST_F(OperationsTest, RolesAndManagedRules) {
  auto input = machine_input();
  for (const char* role : {"Other", "Missing"}) {
    input.role_arn = role_arn(role);
    EXPECT_EQ(refusal(input),
              "AccessDeniedException: Neither the global service principal states.amazonaws.com, "
              "nor the regional one is authorized to assume the provided role.");
  }
  run(create_state_machine, machine_input("plain"));
  EXPECT_TRUE(door.invocations.empty());
  create("flow", kPipeline);
  auto rule = calls_of("PutRule").back();
  EXPECT_EQ(rule.service, "events");
  EXPECT_EQ(rule.principal.name, "Flow");
  EXPECT_EQ(rule.principal.via_service, "states.amazonaws.com");
  EXPECT_EQ(dump(rule.input),
            R"({"Name":"StepFunctionsGetEventsForSageMakerTrainingJobsRule","EventPattern":)"
            R"("{\"source\":[\"aws.sagemaker\"],\"detail-type\":)"
            R"([\"SageMaker Training Job State Change\"]}"})");
  EXPECT_EQ(
      dump(calls_of("PutTargets").back().input),
      R"({"Rule":"StepFunctionsGetEventsForSageMakerTrainingJobsRule","Targets":)"
      R"([{"Id":"StepFunctions","Arn":"arn:aws:states:us-east-1:000000000000:task-events"}]})");
  door.answer = [](const FakeDoor::Invocation&) -> json::object {
    throw ApiError("AccessDeniedException", 400, "no");
  };
  input = machine_input("denied");
  input.definition = kPipeline;
  EXPECT_EQ(refusal(input), "AccessDeniedException: '" + role_arn() +
                                "' is not authorized to create managed-rule.");
  std::string arn = run(create_state_machine, machine_input("later")).state_machine_arn;
  UpdateStateMachineInput update;
  update.state_machine_arn = arn;
  update.definition = kPipeline;
  EXPECT_EQ(error_of([&] { run(update_state_machine, update); }), "AccessDeniedException");
  EXPECT_EQ(run(describe_state_machine, {arn, {}}).definition, one_pass());
}

TEST_F(OperationsTest, ArnsAreChecked) {
  const std::string kMachine = "arn:aws:states:us-east-1:000000000000:stateMachine:none";
  const std::string kExecution = "arn:aws:states:us-east-1:000000000000:execution:none:x";
  auto message_of = [&](auto work) {
    std::string message;
    std::string code = error_of(work, &message);
    return code + ": " + message;
  };
  EXPECT_EQ(message_of([&] {
              run(describe_state_machine, {"nope", {}});
            }),
            "InvalidArn: Invalid Arn: 'Invalid ARN prefix: nope'");
  EXPECT_EQ(message_of([&] {
              run(describe_state_machine, {kExecution, {}});
            }),
            "InvalidArn: Invalid Arn: 'Resource type not valid in this context: execution'");
  EXPECT_EQ(message_of([&] {
              run(describe_state_machine, {kMachine, {}});
            }),
            "StateMachineDoesNotExist: State Machine Does Not Exist: '" + kMachine + "'");
  EXPECT_EQ(message_of([&] { start(kMachine, "x"); }),
            "StateMachineDoesNotExist: State Machine Does Not Exist: '" + kMachine + "'");
  EXPECT_EQ(message_of([&] { describe(kExecution); }),
            "ExecutionDoesNotExist: Execution Does Not Exist: '" + kExecution + "'");
  EXPECT_EQ(message_of([&] { history(kMachine); }),
            "InvalidArn: Invalid Arn: 'Resource type not valid in this context: stateMachine'");
  EXPECT_EQ(message_of([&] {
              run(stop_execution, {kExecution, {}, {}});
            }),
            "ExecutionDoesNotExist: Execution Does Not Exist: '" + kExecution + "'");
  EXPECT_EQ(message_of([&] {
              run(tag_resource, {kMachine, {}});
            }),
            "ResourceNotFound: Resource not found: '" + kMachine + "'");
  EXPECT_EQ(message_of([&] { run(delete_state_machine, {kMachine}); }), ": ");
  ListExecutionsInput list;
  EXPECT_EQ(error_of([&] { run(list_executions, list); }), "ValidationException");
  list.map_run_arn = "x";
  EXPECT_EQ(error_of([&] { run(list_executions, list); }), "ResourceNotFound");
  list.state_machine_arn = kMachine;
  EXPECT_EQ(error_of([&] { run(list_executions, list); }), "ValidationException");
}

TEST_F(OperationsTest, StartingTwice) {
  std::string waits = create("waits", R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":9,
                                          "End":true}}})");
  auto first = run(start_execution, {waits, "run", R"({"a": 1})", {}});
  clock.advance(std::chrono::seconds(1));
  auto again = run(start_execution, {waits, "run", R"({"a": 1})", {}});
  EXPECT_EQ(again.execution_arn, first.execution_arn);
  EXPECT_EQ(again.start_date, first.start_date);
  std::string message;
  EXPECT_EQ(error_of([&] { start(waits, "run", "{}"); }, &message), "ExecutionAlreadyExists");
  EXPECT_EQ(message, "Execution Already Exists: '" + first.execution_arn + "'");
  clock.advance(std::chrono::seconds(9));
  deliver_all();
  EXPECT_EQ(describe(first.execution_arn).status, "SUCCEEDED");
  EXPECT_EQ(error_of([&] { start(waits, "run", R"({"a": 1})"); }), "ExecutionAlreadyExists");
  EXPECT_EQ(error_of([&] { start(waits, "a b"); }), "InvalidName");
  EXPECT_EQ(error_of([&] { start(waits, "x", "{a}"); }, &message), "InvalidExecutionInput");
  EXPECT_THAT(message, HasSubstr("Invalid State Machine Execution Input: '"));
  EXPECT_EQ(error_of([&] { start(waits, "x", ""); }, &message), "InvalidExecutionInput");
  EXPECT_EQ(message, "Invalid State Machine Execution Input: 'Invalid execution input.'");
  EXPECT_EQ(error_of([&] { start(waits, "x", "\"" + std::string(262'144, 'x') + "\""); }),
            "InvalidExecutionInput");
  auto unnamed = run(start_execution, {waits, {}, {}, {}});
  EXPECT_EQ(describe(unnamed.execution_arn).name->size(), 36u);
  EXPECT_EQ(describe(unnamed.execution_arn).input, "{}");
}

TEST_F(OperationsTest, UpdatesMakeRevisionsAndExecutionsStayPinned) {
  std::string waits = R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":9,"End":true}}})";
  std::string arn = create("flow", waits);
  std::string old = start(arn, "old");
  clock.advance(std::chrono::seconds(1));
  UpdateStateMachineInput update;
  update.state_machine_arn = arn;
  std::string message;
  EXPECT_EQ(error_of([&] { run(update_state_machine, update); }, &message),
            "MissingRequiredParameter");
  update.definition = "{";
  EXPECT_EQ(error_of([&] { run(update_state_machine, update); }), "InvalidDefinition");
  update.definition = one_pass();
  auto first = run(update_state_machine, update);
  EXPECT_TRUE(first.revision_id);
  EXPECT_EQ(run(update_state_machine, update).revision_id, first.revision_id);
  EXPECT_EQ(run(describe_state_machine, {arn, {}}).revision_id, first.revision_id);
  auto pinned = run(describe_state_machine_for_execution, {old, {}});
  EXPECT_EQ(pinned.definition, waits);
  EXPECT_FALSE(pinned.revision_id);
  EXPECT_EQ(pinned.update_date, clock.now() - std::chrono::seconds(1));
  auto newer = run(describe_state_machine_for_execution, {start(arn, "new"), {}});
  EXPECT_EQ(newer.definition, one_pass());
  EXPECT_EQ(newer.revision_id, first.revision_id);
  clock.advance(std::chrono::seconds(9));
  deliver_all();
  EXPECT_EQ(types(old), "ExecutionStarted WaitStateEntered WaitStateExited ExecutionSucceeded");
}

TEST_F(OperationsTest, ListsComeInPages) {
  for (const char* name : {"c", "a", "b"}) create(name, one_pass());
  ListStateMachinesInput machines;
  machines.max_results = 2;
  auto page = run(list_state_machines, machines);
  EXPECT_EQ(page.state_machines.at(0).name + page.state_machines.at(1).name, "ab");
  machines.next_token = page.next_token;
  page = run(list_state_machines, machines);
  EXPECT_EQ(page.state_machines.at(0).name, "c");
  EXPECT_FALSE(page.next_token);

  std::string arn = page.state_machines.at(0).state_machine_arn;
  std::string waits = create("w", R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":9,
                                      "End":true}}})");
  for (int i = 0; i < 5; ++i) start(arn, "run-" + std::to_string(i));
  start(waits, "other");
  ListExecutionsInput list;
  list.state_machine_arn = arn;
  list.max_results = 2;
  std::vector<std::string> names;
  do {
    auto some = run(list_executions, list);
    for (const auto& item : some.executions) names.push_back(item.name);
    list.next_token = some.next_token;
  } while (list.next_token);
  EXPECT_THAT(names, ElementsAre("run-4", "run-3", "run-2", "run-1", "run-0"));
  list.status_filter = "RUNNING";
  EXPECT_TRUE(run(list_executions, list).executions.empty());
  list.state_machine_arn = waits;
  EXPECT_EQ(run(list_executions, list).executions.at(0).status, "RUNNING");
  list.next_token = machines.next_token;
  std::string message;
  EXPECT_EQ(error_of([&] { run(list_executions, list); }, &message), "InvalidToken");
  EXPECT_EQ(message, "Invalid Token: 'Invalid token'");
  list.next_token = std::nullopt;
  list.redrive_filter = "REDRIVEN";
  EXPECT_TRUE(run(list_executions, list).executions.empty());
}

TEST_F(OperationsTest, HistoriesComeInPagesBothWaysAndWithoutData) {
  std::string arn = start(create("flow", R"({"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},
                                             "B":{"Type":"Succeed"}}})"),
                          "run", R"({"a":1})");
  for (bool backwards : {false, true}) {
    GetExecutionHistoryInput input;
    input.execution_arn = arn;
    input.max_results = 2;
    input.reverse_order = backwards;
    std::vector<int64_t> ids;
    do {
      auto page = run(get_execution_history, input);
      EXPECT_LE(page.events.size(), 2u);
      for (const auto& event : page.events) ids.push_back(event.id);
      input.next_token = page.next_token;
    } while (input.next_token);
    EXPECT_EQ(ids, backwards ? (std::vector<int64_t>{6, 5, 4, 3, 2, 1})
                             : (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
  }
  GetExecutionHistoryInput input;
  input.execution_arn = arn;
  input.include_execution_data = false;
  auto bare = run(get_execution_history, input).events;
  EXPECT_FALSE(bare.at(1).state_entered_event_details->input);
  EXPECT_EQ(bare.at(1).state_entered_event_details->name, "A");
  DescribeExecutionInput describe_input{arn, "METADATA_ONLY"};
  auto described = run(describe_execution, describe_input);
  EXPECT_FALSE(described.input);
  EXPECT_FALSE(described.output);
  EXPECT_EQ(run(describe_state_machine_for_execution, {arn, "METADATA_ONLY"}).definition, "{}");
  EXPECT_EQ(run(describe_state_machine, {described.state_machine_arn, "METADATA_ONLY"}).definition,
            "{}");
  EXPECT_EQ(described.input_details->included, false);
  auto whole = describe(arn);
  EXPECT_EQ(whole.redrive_status_reason, "Execution is SUCCEEDED and cannot be redriven");
  EXPECT_EQ(whole.output, R"({"a":1})");
}

TEST(Schema, TagsOfEarlierVersionsStay) {
  TempDir dir;
  constexpr int kWithTagsByMachine = 3;
  const auto all = test_migrations();  // this service's are the last
  {
    Store store(dir.path(), all.first(all.size() - std::size(kMigrations) + kWithTagsByMachine));
    store.write([](Txn& txn) {
      txn.exec(
          "INSERT INTO states_machines(id, arn, name, status, revision, created) "
          "VALUES (7, 'arn', 'flow', 'ACTIVE', 1, 0)");
      txn.exec("INSERT INTO states_tags(machine, key, value) VALUES (7, 'a', 'b')");
    });
  }
  Store store(dir.path(), all);
  EXPECT_TRUE(store.read([](Txn& txn) {
    return txn.exists(
        "SELECT 1 FROM states_resource_tags WHERE resource = 'arn' AND key = 'a' AND value = 'b'");
  }));
}

TEST_F(OperationsTest, Tags) {
  std::string arn = create("flow", one_pass());
  run(tag_resource, {arn, {Tag{"b", "1"}, Tag{"a", "2"}}});
  run(tag_resource, {arn, {Tag{"b", "3"}, Tag{"c", {}}}});
  run(untag_resource, {arn, {"a", "x"}});
  auto tags = run(list_tags_for_resource, {arn}).tags.value();
  ASSERT_EQ(tags.size(), 2u);
  EXPECT_EQ(tags[0].key.value() + tags[0].value.value(), "b3");
  EXPECT_EQ(tags[1].key.value() + tags[1].value.value(), "c");
  EXPECT_EQ(error_of([&] { run(list_tags_for_resource, {"x"}); }), "InvalidArn");
}

}  // namespace
}  // namespace trainyard::states
