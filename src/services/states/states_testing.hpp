// For the tests of this service: a store with a role, a door that plays SageMaker, and the outbox
// delivered by hand on a virtual clock.
#pragma once

#include <gmock/gmock.h>

#include "generated/states/operations.hpp"
#include "identity/identity.hpp"
#include "identity/roles.hpp"
#include "services/states/deliveries.hpp"
#include "services/states/names.hpp"
#include "services/states/schema.hpp"
#include "services/states/turn.hpp"
#include "services/testing.hpp"
#include "wire/json.hpp"

namespace trainyard::states {

inline std::span<const Migration> test_migrations() {
  static const auto all =
      all_tables(outbox::kMigrations, identity::kMigrations, kMigrations);
  return all;
}

class StatesTest : public ServiceTest {
 protected:
  StatesTest() : ServiceTest(test_migrations()) {
    add_role("Flow", "states.amazonaws.com");
    add_role("Other", "lambda.amazonaws.com");
    door.answer = [](const FakeDoor::Invocation& call) -> json::object {
      if (call.operation == "CreateTrainingJob") {
        return {{"TrainingJobArn", job_arn(*find_string(call.input, "TrainingJobName"))}};
      }
      if (call.operation == "CreateModel") return {{"ModelArn", "arn:model"}};
      return {};
    };
  }

  static std::string job_arn(const std::string& name) {
    return "arn:aws:sagemaker:us-east-1:000000000000:training-job/" + name;
  }
  std::string role_arn(const std::string& name = "Flow") {
    return "arn:aws:iam::" + site.account + ":role/" + name;
  }
  void add_role(const std::string& name, const std::string& service) {
    write([&](Call& call) {
      identity::Role role;
      role.name = name;
      role.arn = role_arn(name);
      role.id = "AROA" + name;
      role.trust = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":)"
                   R"({"Service":")" +
                   service + R"("},"Action":"sts:AssumeRole"}]})";
      role.created = call.now;
      identity::insert_role(call.txn, role);
    });
  }

  std::string create(const std::string& name, const std::string& definition) {
    CreateStateMachineInput input;
    input.name = name;
    input.definition = definition;
    input.role_arn = role_arn();
    return run(create_state_machine, input).state_machine_arn;
  }
  std::string start(const std::string& machine, const std::string& name,
                    const std::string& text = "{}") {
    return run(start_execution, {machine, name, text, {}}).execution_arn;
  }
  std::string execution_of(const std::string& machine, const std::string& name) {
    return execution_arn(site, machine.substr(machine.rfind(':') + 1), name);
  }
  DescribeExecutionOutput describe(const std::string& arn) {
    return run(describe_execution, {arn, {}});
  }
  GetExecutionHistoryOutput history(const std::string& arn) {
    GetExecutionHistoryInput input;
    input.execution_arn = arn;
    return run(get_execution_history, input);
  }
  /// "TaskScheduled TaskStarted …"
  std::string types(const std::string& arn) {
    std::string text;
    for (const auto& event : history(arn).events) text += (text.empty() ? "" : " ") + event.type;
    return text;
  }
  /// The history as JSON with request ids taken out.
  std::string history_text(const std::string& arn) {
    return mask(dump(wire::to_json(history(arn))));
  }
  static std::string mask(std::string text) {
    for (std::size_t at = 0; at + 36 <= text.size(); ++at) {
      if (text[at + 8] != '-' || text[at + 13] != '-' || text[at + 14] != '4') continue;
      if (text[at + 18] == '-' && text[at + 23] == '-') text.replace(at, 36, "ID");
    }
    return text;
  }

  /// Delivers what is due, once; returns how many messages that were.
  int deliver(CallMode mode = CallMode::inside) {
    auto messages = due();
    for (const auto& message : messages) {
      write([&](Call& call) {
        if (!outbox::remove(call.txn, message.id)) return;
        deliver_one(call, message, mode);
      });
    }
    return static_cast<int>(messages.size());
  }
  static void deliver_one(Call& call, const outbox::Message& message, CallMode mode) {
    if (message.kind == "states.timer") {
      deliver_timer(call, message);
    } else if (message.kind == "states.sweep") {
      deliver_sweep(call, message);
    } else if (message.kind == "states.poll") {
      take_poll(call, message, mode);
    } else if (message.kind == "states.stop") {
      deliver_stop(call, message);
    } else if (message.kind == "events.put") {  // the bus, with a rule that takes everything
      outbox::post(call.txn, "states.event", "rule", message.payload, call.now);
    } else if (mode == CallMode::inside) {
      (message.kind == "states.task" ? deliver_task : deliver_event)(call, message);
    } else {
      (message.kind == "states.task" ? perform_task : take_event)(call, message, mode);
    }
  }
  int deliver_all(CallMode mode = CallMode::inside) {
    int total = 0;
    while (int count = deliver(mode)) total += count;
    return total;
  }
  /// Posts the event of a job's end, as the bus does.
  void post_event(const std::string& job, const std::string& status, json::object more = {}) {
    more["TrainingJobName"] = job;
    more["TrainingJobArn"] = job_arn(job);
    more["TrainingJobStatus"] = status;
    write([&](Call& call) {
      outbox::post(call.txn, "states.event", "rule",
                   {{"source", "aws.sagemaker"},
                    {"detail-type", "SageMaker Training Job State Change"},
                    {"resources", json::array{job_arn(job)}},
                    {"detail", more}},
                   call.now);
    });
  }
  int64_t waiting_messages(const std::string& like = "%") {
    return read([&](Call& call) {
      return call.txn
          .one("SELECT count(*) FROM outbox WHERE kind LIKE ?",
               [](const Row& row) { return row.integer(0); }, like)
          .value();
    });
  }
  std::vector<FakeDoor::Invocation> calls_of(const std::string& operation) {
    std::vector<FakeDoor::Invocation> found;
    for (const auto& call : door.invocations) {
      if (call.operation == operation) found.push_back(call);
    }
    return found;
  }

  const std::string kTraining = R"("Training":{"Type":"Task","Resource":
      "arn:aws:states:::sagemaker:createTrainingJob.sync","Parameters":{"TrainingJobName.$":
      "$$.Execution.Input['Training'].TrainingJobName"})";
  const std::string kPipeline = R"({"StartAt":"Training","States":{)" + kTraining +
                                R"(,"Next":"Create Model"},
      "Create Model":{"Type":"Task","Resource":"arn:aws:states:::sagemaker:createModel",
        "Parameters":{"ModelName":"m"},"Next":"Configure"},
      "Configure":{"Type":"Task","Resource":"arn:aws:states:::sagemaker:createEndpointConfig",
        "Parameters":{"EndpointConfigName":"c"},"Next":"Deploy"},
      "Deploy":{"Type":"Task","Resource":"arn:aws:states:::sagemaker:createEndpoint",
        "Parameters":{"EndpointName":"e"},"End":true}}})";
  const std::string kInput = R"({"Training": {"TrainingJobName": "job"}})";
};

/// A machine of one training task.
inline std::string one_job(const std::string& more = "") {
  return R"({"StartAt":"T","States":{"T":{"Type":"Task","End":true,"Resource":)"
         R"("arn:aws:states:::sagemaker:createTrainingJob.sync","Parameters":)"
         R"({"TrainingJobName.$":"$.name"})" +
         more + "}}}";
}
/// A machine of one task of an activity.
inline std::string one_activity(const std::string& activity, const std::string& more = "") {
  return R"({"StartAt":"T","States":{"T":{"Type":"Task","End":true,"Resource":")" + activity +
         "\"" + more + "}}}";
}
inline std::string one_pass() {
  return R"({"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}})";
}

}  // namespace trainyard::states
