// For the tests of this service: a store with a role, requests that pass every check, and agents
// that the test plays.
#pragma once

#include <gmock/gmock.h>

#include "generated/sagemaker/operations.hpp"
#include "identity/identity.hpp"
#include "identity/roles.hpp"
#include "services/sagemaker/attempts.hpp"
#include "services/sagemaker/routing.hpp"
#include "services/sagemaker/schema.hpp"
#include "services/testing.hpp"
#include "wire/json.hpp"

namespace trainyard::sagemaker {

inline std::span<const Migration> test_migrations() {
  static const auto all =
      all_tables(outbox::kMigrations, identity::kMigrations, kMigrations);
  return all;
}

class SageMakerTest : public ServiceTest {
 protected:
  SageMakerTest() : ServiceTest(test_migrations()) {
    add_role("JobRole", "sagemaker.amazonaws.com");
    add_role("OtherRole", "lambda.amazonaws.com");
  }

  void add_role(const std::string& name, const std::string& service) {
    write([&](Call& call) {
      identity::Role role;
      role.name = name;
      role.arn = role_arn(name);
      role.id = "AROA" + name;
      role.trust = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":")" +
                   service + R"("},"Action":"sts:AssumeRole"}]})";
      role.created = call.now;
      identity::insert_role(call.txn, role);
    });
  }

  std::string role_arn(const std::string& name = "JobRole") {
    return "arn:aws:iam::" + site.account + ":role/" + name;
  }

  CreateTrainingJobInput job_request(const std::string& name, int hosts = 1) {
    auto request = wire::from_json<CreateTrainingJobInput>(parse_own_json(R"json({
      "AlgorithmSpecification": {"TrainingImage": "image:1", "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "loss", "Regex": "Loss: ([0-9.]+)"}]},
      "OutputDataConfig": {"S3OutputPath": "s3://bucket/models/"},
      "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
      "ResourceConfig": {"InstanceType": "ml.c4.xlarge", "VolumeSizeInGB": 30},
      "HyperParameters": {"epochs": "6", "sagemaker_program": "\"train.sh\"",
        "sagemaker_submit_directory": "\"s3://bucket/code/sourcedir.tar.gz\""},
      "InputDataConfig": [{"ChannelName": "training", "ContentType": "text/csv",
        "DataSource": {"S3DataSource":
          {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/data"}}}],
      "Environment": {"COLOUR": "red"},
      "DebugHookConfig": {"S3OutputPath": "s3://bucket/", "CollectionConfigurations": []},
      "ProfilerConfig": {"S3OutputPath": "s3://bucket/"},
      "Tags": [{"Key": "team", "Value": "vision"}]})json"));
    request.training_job_name = name;
    request.role_arn = role_arn();
    request.resource_config->instance_count = hosts;
    return request;
  }

  void create_job(const std::string& name, int hosts = 1) {
    run(create_training_job, job_request(name, hosts));
  }
  DescribeTrainingJobOutput job(const std::string& name) {
    return run(describe_training_job, {.training_job_name = name});
  }
  std::vector<std::string> statuses(const std::string& name) {
    std::vector<std::string> result;
    auto description = job(name);
    for (const auto& transition : *description.secondary_status_transitions) {
      result.push_back(transition.status);
    }
    return result;
  }

  CreateModelInput model_request(const std::string& name) {
    auto request = wire::from_json<CreateModelInput>(parse_own_json(R"({
      "PrimaryContainer": {"Image": "serve:1", "ModelDataUrl": "s3://bucket/model.tar.gz",
        "Environment": {"SAGEMAKER_PROGRAM": "mnist.py",
          "SAGEMAKER_SUBMIT_DIRECTORY": "s3://bucket/code/sourcedir.tar.gz"}}})"));
    request.model_name = name;
    request.execution_role_arn = role_arn();
    return request;
  }
  CreateEndpointConfigInput config_request(const std::string& name, const std::string& model,
                                           int instances) {
    CreateEndpointConfigInput request;
    request.endpoint_config_name = name;
    ProductionVariant variant;
    variant.variant_name = "AllTraffic";
    variant.model_name = model;
    variant.initial_instance_count = instances;
    variant.instance_type = "ml.m4.xlarge";
    request.production_variants = {variant};
    return request;
  }
  /// A model, a configuration `config` of it, and the endpoint.
  void create_endpoint_of(const std::string& endpoint, const std::string& config, int instances) {
    run(create_model, model_request("model-of-" + config));
    run(create_endpoint_config, config_request(config, "model-of-" + config, instances));
    run(create_endpoint, {.endpoint_name = endpoint, .endpoint_config_name = config});
  }
  DescribeEndpointOutput endpoint(const std::string& name) {
    return run(describe_endpoint, {.endpoint_name = name});
  }
  std::string endpoint_status(const std::string& name) { return endpoint(name).endpoint_status; }

  // --- Agents ------------------------------------------------------------------------------------

  std::vector<std::string> live() {
    return read([](Call& call) { return live_attempts(call.txn); });
  }
  std::string only_attempt() {
    auto ids = live();
    EXPECT_EQ(ids.size(), 1u);
    return ids.empty() ? "" : ids.front();
  }
  void report(const std::string& attempt, const std::string& host, const json::object& body) {
    write([&](Call& call) { agent_report(call, attempt, host, body); });
  }
  void phase(const std::string& attempt, const std::string& host, std::string_view name) {
    report(attempt, host, {{"phase", name}, {"at", to_millis(clock.now())}});
  }
  void ended(const std::string& attempt, const std::string& host, std::string_view outcome,
             std::string_view error = "", std::string_view reason = "") {
    report(attempt, host,
           {{"phase", "Ended"},
            {"at", to_millis(clock.now())},
            {"receipt", json::object{{"version", 1},
                                     {"host", host},
                                     {"outcome", outcome},
                                     {"exit_code", nullptr},
                                     {"signal", nullptr},
                                     {"error", error},
                                     {"reason", reason},
                                     {"started", nullptr},
                                     {"ended", to_millis(clock.now())}}}});
  }
  void lost(const std::string& attempt, const std::string& host, const std::string& reason) {
    write([&](Call& call) { instance_lost(call, attempt, host, reason); });
  }

  // --- The outbox --------------------------------------------------------------------------------

  /// Takes what is due out of the outbox.
  std::vector<outbox::Message> take() {
    auto messages = due();
    write([&](Call& call) {
      for (const auto& message : messages) outbox::remove(call.txn, message.id);
    });
    return messages;
  }
  /// The keys of messages of one kind.
  static std::vector<std::string> keys(const std::vector<outbox::Message>& messages,
                                       std::string_view kind) {
    std::vector<std::string> result;
    for (const auto& message : messages) {
      if (message.kind == kind) result.push_back(message.key);
    }
    return result;
  }
  std::vector<std::string> take_keys(std::string_view kind) { return keys(take(), kind); }
  /// Delivers the deadlines that are due, and drops every other message; how many there were.
  int deliver_deadlines() {
    int count = 0;
    for (const auto& message : take()) {
      if (message.kind != "sagemaker.deadline") continue;
      write([&](Call& call) { deliver_deadline(call, message); });
      ++count;
    }
    return count;
  }
  /// Status and secondary status (or the endpoint's status) that events told, in order.
  static std::vector<std::string> told(const std::vector<outbox::Message>& messages) {
    std::vector<std::string> result;
    for (const auto& message : messages) {
      if (message.kind != "events.put") continue;
      const json::object& detail = message.payload.at("detail").as_object();
      auto status = find_string(detail, "EndpointStatus");
      result.push_back(status ? *status
                              : *find_string(detail, "TrainingJobStatus") + "/" +
                                    *find_string(detail, "SecondaryStatus"));
    }
    return result;
  }

  std::optional<Route> route_of(const std::string& name) {
    return read([&](Call& call) { return route(call.txn, name); });
  }
  int64_t revision() {
    return read([](Call& call) { return routes_revision(call.txn); });
  }
  std::vector<std::string> routed(const std::string& name) {
    std::vector<std::string> attempts;
    auto found = route_of(name);
    if (!found) return attempts;
    for (const auto& variant : found->variants) {
      for (const auto& instance : variant.instances) attempts.push_back(instance.attempt);
    }
    return attempts;
  }
};

}  // namespace trainyard::sagemaker
