#include "sdk/training_pipeline.hpp"

#include "sdk/encoding.hpp"
#include "sdk/steps.hpp"

namespace trainyard::sdk {
namespace {

constexpr const char* kTraining = "Training";
constexpr const char* kModel = "Create Model";
constexpr const char* kEndpointConfig = "Configure Endpoint";
constexpr const char* kDeploy = "Deploy";
constexpr const char* kName = "training-pipeline";

// Every member of a step's parameters is a path to the same member of its part of the input.
Parameters paths_into_input(const json::object& input, const char* step) {
  const Placeholder part = ExecutionInput()[step];
  Parameters parameters;
  for (const auto& [name, value] : input.at(step).as_object()) {
    parameters.set(std::string(name), part.dot(std::string(name)));
  }
  return parameters;
}

json::object make_input(Estimator& estimator, const Inputs& inputs, const std::string& models) {
  const EstimatorOptions& options = estimator.options();
  json::object training;
  for (const auto& [name, value] : estimator.training_config(inputs, models)) {
    if (name == "DebugHookConfig") training["TrainingJobName"] = "";
    training[name] = value;
  }
  json::object container = estimator.serving_container(options.train_instance_type);
  container["ModelDataUrl"] = "";
  json::object input;
  input[kTraining] = std::move(training);
  input[kModel] = {{"ModelName", ""},
                   {"PrimaryContainer", std::move(container)},
                   {"ExecutionRoleArn", options.role}};
  const json::object variant = {{"InitialInstanceCount", options.train_instance_count},
                                {"InstanceType", options.train_instance_type},
                                {"ModelName", ""},
                                {"VariantName", "AllTraffic"}};
  json::object endpoint_config;
  endpoint_config["EndpointConfigName"] = "";
  endpoint_config["ProductionVariants"] = json::array{variant};
  input[kEndpointConfig] = std::move(endpoint_config);
  input[kDeploy] = {{"EndpointConfigName", ""}, {"EndpointName", ""}};
  return input;
}

Definition make_definition(const json::object& input) {
  return chain({TrainingStep(kTraining, paths_into_input(input, kTraining)),
                ModelStep(kModel, paths_into_input(input, kModel)),
                EndpointConfigStep(kEndpointConfig, paths_into_input(input, kEndpointConfig)),
                EndpointStep(kDeploy, paths_into_input(input, kDeploy))});
}

json::object prepare(Estimator& estimator, const Inputs& inputs, const std::string& name,
                     const std::string& bucket) {
  estimator.upload_code(name + "/estimator-source");
  return make_input(estimator, inputs, "s3://" + bucket + "/" + name + "/models");
}

}  // namespace

TrainingPipeline::TrainingPipeline(Estimator& estimator, const std::string& role,
                                   const Inputs& inputs, const std::string& s3_bucket)
    : session_(estimator.session()),
      name_(std::string(kName) + "-" + local_timestamp(session_.now())),
      input_(prepare(estimator, inputs, name_, s3_bucket)),
      workflow_(session_, name_, make_definition(input_), role) {}

json::object TrainingPipeline::input_for(
    const std::string& job_name, const std::optional<json::object>& hyperparameters) const {
  json::object input = input_;
  json::object& training = input[kTraining].as_object();
  const std::string training_job = "estimator-" + job_name;
  training["TrainingJobName"] = training_job;
  if (hyperparameters) {
    json::object replaced = encode_hyperparameters(*hyperparameters);
    for (const auto& [name, value] : training.at("HyperParameters").as_object()) {
      if (name.starts_with("sagemaker_")) replaced[name] = value;
    }
    training["HyperParameters"] = std::move(replaced);
  }
  const std::string models =
      to_std(training.at("OutputDataConfig").at("S3OutputPath").as_string());
  json::object& model = input[kModel].as_object();
  model["ModelName"] = job_name;
  model["PrimaryContainer"].as_object()["ModelDataUrl"] =
      join_uri(models, training_job + "/output/model.tar.gz");
  json::object& config = input[kEndpointConfig].as_object();
  config["EndpointConfigName"] = job_name;
  config["ProductionVariants"].as_array()[0].as_object()["ModelName"] = job_name;
  json::object& deploy = input[kDeploy].as_object();
  deploy["EndpointConfigName"] = job_name;
  deploy["EndpointName"] = job_name;
  return input;
}

Execution TrainingPipeline::execute(const std::string& job_name,
                                    const std::optional<json::object>& hyperparameters) {
  const std::string name =
      job_name.empty() ? std::string(kName) + "-" + local_timestamp(session_.now()) : job_name;
  return workflow_.execute(name, input_for(name, hyperparameters));
}

}  // namespace trainyard::sdk
