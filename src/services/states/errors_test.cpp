// Every error that the model of Step Functions has, but those of its keys, is given by something.
#include <map>

#include "services/dispatch.hpp"
#include "services/states/states_testing.hpp"

namespace trainyard::states {
namespace {

class ErrorsTest : public StatesTest {
 protected:
  ErrorsTest() {
    run(create_activity, {"work", {}, {}});
    publish(flow_);
    start(waits_, "open");
  }
  void add_cases_of_machines();
  void add_cases_of_executions();
  void add_cases_of_activities();

  void publish(const std::string& arn) { run(publish_state_machine_version, {arn, {}, {}}); }
  CreateStateMachineInput machine(const std::string& name) {
    CreateStateMachineInput input;
    input.name = name;
    input.definition = one_pass();
    input.role_arn = role_arn();
    return input;
  }
  void add(const std::string& name, const std::function<void()>& work) { cases_[name] = work; }
  void add_machine(const std::string& name,
                   const std::function<void(CreateStateMachineInput&)>& change) {
    add(name, [this, change] {
      auto input = machine("new");
      change(input);
      run(create_state_machine, input);
    });
  }

  const std::string kArn = "arn:aws:states:us-east-1:000000000000:";
  const std::string flow_ = create("flow", one_pass());
  const std::string waits_ = create("waits", one_activity(kArn + "activity:work"));
  const std::string done_ = start(flow_, "done");
  std::map<std::string, std::function<void()>> cases_;
};

void ErrorsTest::add_cases_of_machines() {
  add("ConflictException", [&] { run(publish_state_machine_version, {flow_, "x", {}}); });
  add_machine("InvalidDefinition", [](auto& input) { input.definition = "{}"; });
  add_machine("InvalidEncryptionConfiguration", [](auto& input) {
    input.encryption_configuration.emplace().type = "CUSTOMER_MANAGED_KMS_KEY";
  });
  add_machine("InvalidLoggingConfiguration",
              [](auto& input) { input.logging_configuration.emplace().level = "ALL"; });
  add_machine("InvalidName", [](auto& input) { input.name = "a b"; });
  add_machine("InvalidTracingConfiguration",
              [](auto& input) { input.tracing_configuration.emplace().enabled = true; });
  add("MissingRequiredParameter", [&] {
    UpdateStateMachineInput input;
    input.state_machine_arn = flow_;
    run(update_state_machine, input);
  });
  add("ResourceNotFound", [&] { run(describe_state_machine_alias, {flow_ + ":NONE"}); });
  add("ServiceQuotaExceededException", [&] {
    site.limits.states.versions = 0;
    publish(waits_);
  });
  add("StateMachineAlreadyExists", [&] {
    auto input = machine("flow");
    input.definition += " ";
    run(create_state_machine, input);
  });
  add("StateMachineDeleting", [&] {
    write([&](Call& call) {
      delete_state_machine(call, {waits_});  // it has an open execution
      publish_state_machine_version(call, {waits_, {}, {}});
    });
  });
  add_machine("StateMachineLimitExceeded", [this](auto&) { site.limits.states.machines = 2; });
  add_machine("StateMachineTypeNotSupported", [](auto& input) { input.type = "EXPRESS"; });
}

void ErrorsTest::add_cases_of_executions() {
  add("ExecutionAlreadyExists", [&] { start(flow_, "done"); });
  add("ExecutionDoesNotExist", [&] { describe(done_ + "x"); });
  add("ExecutionLimitExceeded", [&] {
    site.limits.states.open_executions = 1;
    start(waits_, "more");
  });
  add("ExecutionNotRedrivable", [&] { run(redrive_execution, {done_, {}}); });
  add("InvalidArn", [&] { describe("x"); });
  add("InvalidExecutionInput", [&] { start(flow_, "new", "{"); });
  add("StateMachineDoesNotExist", [&] { start(flow_ + "x", "new"); });
  add("ValidationException", [&] { run(list_executions, {}); });
}

void ErrorsTest::add_cases_of_activities() {
  add("ActivityAlreadyExists", [&] {
    CreateActivityInput input{"work", {}, {}};
    input.encryption_configuration.emplace().type = "CUSTOMER_MANAGED_KMS_KEY";
    run(create_activity, input);
  });
  add("ActivityDoesNotExist", [&] { run(describe_activity, {kArn + "activity:none"}); });
  add("ActivityLimitExceeded", [&] {
    site.limits.states.activities = 1;
    run(create_activity, {"more", {}, {}});
  });
  add("ActivityWorkerLimitExceeded", [&] {
    site.limits.states.pollers = 0;
    stream(get_activity_task, {kArn + "activity:work", {}});
  });
  add("InvalidOutput", [&] { run(send_task_success, {"x", "{"}); });
  add("InvalidToken", [&] { run(send_task_heartbeat, {"x"}); });
  add("TaskDoesNotExist", [&] {
    run(send_task_heartbeat, {asl::TaskToken{done_ + "x", {1, 0}, "n"}.text()});
  });
  add("TaskTimedOut", [&] {
    run(send_task_heartbeat, {asl::TaskToken{done_, {1, 0}, "n"}.text()});
  });
  add("TooManyTags", [&] {
    site.limits.states.tags = 1;
    run(tag_resource, {flow_, {Tag{"a", "1"}, Tag{"b", "2"}}});
  });
}

TEST_F(ErrorsTest, AllAreReached) {
  add_cases_of_machines();
  add_cases_of_executions();
  add_cases_of_activities();
  for (const wire::Operation& operation : kService.operations) {
    for (const wire::ErrorShape* error : operation.errors) {
      if (error->name.starts_with("Kms")) continue;
      EXPECT_TRUE(cases_.contains(std::string(error->name))) << error->name;
    }
  }
  for (const auto& [name, work] : cases_) {
    EXPECT_EQ(error_of(work), name);
    site.limits = Limits();
  }
}

TEST_F(ErrorsTest, QuotasOfAliases) {
  const std::string flow = create("flow", one_pass());
  run(publish_state_machine_version, {flow, {}, {}});
  site.limits.states.aliases = 1;
  run(create_state_machine_alias, {{}, "A", {{flow + ":1", 100}}});
  EXPECT_EQ(error_of([&] {
              run(create_state_machine_alias, {{}, "B", {{flow + ":1", 100}}});
            }),
            "ServiceQuotaExceededException");
}

}  // namespace
}  // namespace trainyard::states
