#include "sdk/steps.hpp"

namespace trainyard::sdk {
namespace {

const std::string kService = "arn:aws:states:::sagemaker:";

Parameters training_parameters(Estimator& estimator, const Name& job_name, const Inputs& inputs,
                               const std::string& code_name) {
  estimator.upload_code(code_name);
  Parameters parameters(estimator.training_config(inputs));
  job_name.set_in(parameters, "TrainingJobName");
  return parameters;
}

Parameters model_parameters(const Model& model, const Name& model_name) {
  Parameters parameters;
  model_name.set_in(parameters, "ModelName");
  parameters.set("PrimaryContainer", json::value(model.container()));
  parameters.set("ExecutionRoleArn", model.role());
  return parameters;
}

Parameters config_parameters(const Name& config_name, const Name& model_name, int instance_count,
                             const std::string& instance_type) {
  Parameters variant;
  variant.set("InitialInstanceCount", json::value(instance_count));
  variant.set("InstanceType", instance_type);
  model_name.set_in(variant, "ModelName");
  variant.set("VariantName", "AllTraffic");
  Parameters parameters;
  config_name.set_in(parameters, "EndpointConfigName");
  parameters.set("ProductionVariants", json::value(json::array{variant.members()}));
  return parameters;
}

Parameters endpoint_parameters(const Name& endpoint_name, const Name& config_name) {
  Parameters parameters;
  config_name.set_in(parameters, "EndpointConfigName");
  endpoint_name.set_in(parameters, "EndpointName");
  return parameters;
}

}  // namespace

void Name::set_in(Parameters& parameters, const std::string& member) const {
  if (placeholder_) {
    parameters.set(member, Placeholder(text_));
  } else {
    parameters.set(member, text_);
  }
}

TrainingStep::TrainingStep(std::string name, Estimator& estimator, const Name& job_name,
                           const Inputs& inputs, const std::string& code_name, bool wait)
    : TrainingStep(std::move(name), training_parameters(estimator, job_name, inputs, code_name),
                   wait) {}

TrainingStep::TrainingStep(std::string name, const Parameters& parameters, bool wait)
    : Task(std::move(name), kService + (wait ? "createTrainingJob.sync" : "createTrainingJob"),
           parameters) {}

StartExecutionStep::StartExecutionStep(std::string name, const Name& state_machine_arn,
                                       const Parameters& input, Pattern pattern)
    : State(std::move(name), "Task") {
  Parameters parameters;
  state_machine_arn.set_in(parameters, "StateMachineArn");
  parameters.set("Input", input);
  set("Parameters", parameters);
  // Version 2 of .sync is the one that parses the execution's output.
  const std::string version = pattern == Pattern::sync ? ":2" : "";
  set("Resource", json::value(integration("states", "startExecution", pattern) + version));
}

ModelStep::ModelStep(std::string name, const Model& model, const Name& model_name)
    : ModelStep(std::move(name), model_parameters(model, model_name)) {}

// The Python SDK writes this one step's members the other way round, and definitions are compared
// as text.
ModelStep::ModelStep(std::string name, const Parameters& parameters)
    : State(std::move(name), "Task") {
  set("Parameters", parameters);
  set("Resource", json::value(kService + "createModel"));
}

Parameters model_of_training(Estimator& estimator, const Name& model_name,
                             const std::string& instance_type) {
  Parameters container(estimator.serving_container(instance_type));
  container.set("ModelDataUrl", StepInput()["ModelArtifacts"]["S3ModelArtifacts"]);
  Parameters parameters;
  model_name.set_in(parameters, "ModelName");
  parameters.set("PrimaryContainer", container);
  parameters.set("ExecutionRoleArn", estimator.options().role);
  return parameters;
}

EndpointConfigStep::EndpointConfigStep(std::string name, const Name& config_name,
                                       const Name& model_name, int instance_count,
                                       const std::string& instance_type)
    : EndpointConfigStep(std::move(name), config_parameters(config_name, model_name,
                                                            instance_count, instance_type)) {}

EndpointConfigStep::EndpointConfigStep(std::string name, const Parameters& parameters)
    : Task(std::move(name), kService + "createEndpointConfig", parameters) {}

EndpointStep::EndpointStep(std::string name, const Name& endpoint_name, const Name& config_name,
                           bool update)
    : EndpointStep(std::move(name), endpoint_parameters(endpoint_name, config_name), update) {}

EndpointStep::EndpointStep(std::string name, const Parameters& parameters, bool update)
    : Task(std::move(name), kService + (update ? "updateEndpoint" : "createEndpoint"),
           parameters) {}

}  // namespace trainyard::sdk
