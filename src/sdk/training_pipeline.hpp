// Train, create the model, configure and deploy its endpoint: one workflow.
#pragma once

#include <optional>
#include <string>

#include "sdk/estimator.hpp"
#include "sdk/workflow.hpp"

namespace trainyard::sdk {

/// The same four steps, definition and input as the Python SDK's TrainingPipeline makes.
class TrainingPipeline {
 public:
  /// Uploads the estimator's code. `role`: ARN that the workflow acts as; `s3_bucket`: where the
  /// models go. The endpoint gets the instances that the estimator trains on. Estimator and session
  /// must outlive the pipeline.
  TrainingPipeline(Estimator& estimator, const std::string& role, const Inputs& inputs,
                   const std::string& s3_bucket);

  Workflow& workflow() { return workflow_; }
  Drawing render_graph() const { return workflow_.render_graph(); }

  /// Creates the state machine; returns its ARN.
  const std::string& create() { return workflow_.create(); }

  /// Starts a run. `job_name` names execution, model, endpoint configuration and endpoint, and the
  /// training job is "estimator-" and that; "": training-pipeline-<local time>. `hyperparameters`
  /// take the place of the estimator's own in this run; the ones that tell the job which code to
  /// run stay (the Python SDK drops those too, which leaves the job without a program).
  Execution execute(const std::string& job_name = "",
                    const std::optional<json::object>& hyperparameters = std::nullopt);

  /// The input of an execution of that name, as execute() sends it.
  json::object input_for(const std::string& job_name,
                         const std::optional<json::object>& hyperparameters = std::nullopt) const;

  const std::string& name() const { return name_; }

 private:
  Session& session_;
  std::string name_;
  json::object input_;  // with empty names, which input_for fills in
  Workflow workflow_;
};

}  // namespace trainyard::sdk
