// Workflow steps made of the SDK's objects.
#pragma once

#include "sdk/estimator.hpp"
#include "sdk/model.hpp"
#include "sdk/states.hpp"

namespace trainyard::sdk {

/// A name that is fixed, or comes from a placeholder.
class Name {
 public:
  Name(const char* text) : text_(text) {}
  Name(std::string text) : text_(std::move(text)) {}
  Name(const Placeholder& placeholder) : text_(placeholder.path()), placeholder_(true) {}
  void set_in(Parameters& parameters, const std::string& member) const;

 private:
  std::string text_;
  bool placeholder_ = false;
};

/// Runs a training job and waits for its end (unless told not to): the output is its description.
/// The estimator's code is uploaded when the step is made, under `code_name`.
class TrainingStep : public Task {
 public:
  TrainingStep(std::string name, Estimator& estimator, const Name& job_name, const Inputs& inputs,
               const std::string& code_name, bool wait = true);
  /// All parameters as given.
  TrainingStep(std::string name, const Parameters& parameters, bool wait = true);
};

/// Starts an execution of a state machine with `input`, and waits as the pattern says: for its end,
/// whose description is the output (Output parsed), or for TaskToken, which stands in `input`.
class StartExecutionStep : public State {
 public:
  StartExecutionStep(std::string name, const Name& state_machine_arn, const Parameters& input,
                     Pattern pattern = Pattern::sync);
};

/// Creates a model.
class ModelStep : public State {
 public:
  ModelStep(std::string name, const Model& model, const Name& model_name);
  ModelStep(std::string name, const Parameters& parameters);
};

/// The model of a TrainingStep that comes directly before: its container with ModelDataUrl taken
/// from the step's output, for a ModelStep.
Parameters model_of_training(Estimator& estimator, const Name& model_name,
                             const std::string& instance_type);

/// Creates an endpoint configuration of one variant, AllTraffic.
class EndpointConfigStep : public Task {
 public:
  EndpointConfigStep(std::string name, const Name& config_name, const Name& model_name,
                     int instance_count, const std::string& instance_type);
  EndpointConfigStep(std::string name, const Parameters& parameters);
};

/// Creates an endpoint, or gives an existing one another configuration. Does not wait for it.
class EndpointStep : public Task {
 public:
  EndpointStep(std::string name, const Name& endpoint_name, const Name& config_name,
               bool update = false);
  EndpointStep(std::string name, const Parameters& parameters, bool update = false);
};

}  // namespace trainyard::sdk
