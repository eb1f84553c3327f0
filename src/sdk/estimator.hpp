// Training jobs as objects: what to run, on what, and then where its model is served.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "sdk/model.hpp"
#include "sdk/pack.hpp"
#include "sdk/session.hpp"

namespace trainyard::sdk {

/// One input channel of a training job.
struct Channel {
  std::string s3_uri;                            // a prefix, or a manifest's URI
  std::string distribution = "FullyReplicated";  // or ShardedByS3Key
  std::string s3_data_type = "S3Prefix";         // or ManifestFile
  std::string content_type;                      // "": none
  std::string compression;                       // "" or Gzip
  std::string input_mode;                        // "": the job's
};

/// Channels by name, in order. A plain URI is the channel "training".
class Inputs {
 public:
  Inputs() = default;
  Inputs(const std::string& s3_uri) { add("training", {.s3_uri = s3_uri}); }
  Inputs(const char* s3_uri) : Inputs(std::string(s3_uri)) {}
  Inputs& add(const std::string& name, const Channel& channel);
  const json::array& to_json() const { return channels_; }

 private:
  json::array channels_;
};

/// A number to be read from the job's log lines: the first group of `regex`.
struct MetricDefinition {
  std::string name;
  std::string regex;
};

struct EstimatorOptions {
  /// What runs. Empty for images that bring their own program.
  std::string entry_point = {};                // a script, or an executable program (then kept
                                               // executable, mode 0755)
  std::string source_dir = {};                 // its folder, packed whole; entry_point lies in it
  std::vector<std::string> dependencies = {};  // further files, e.g. shared libraries
  /// Which image runs it.
  std::string framework_version = {};  // of PyTorch
  std::string py_version = "py3";
  std::string image_uri = {};          // overrides both
  /// On what, as whom, for how long.
  std::string role = {};  // ARN
  int train_instance_count = 1;
  std::string train_instance_type = {};
  int train_volume_size_gb = 30;
  int train_max_run_seconds = 86'400;
  std::string input_mode = "File";
  /// What the program is told, as --name value.
  json::object hyperparameters = {};
  std::vector<MetricDefinition> metric_definitions = {};
  std::map<std::string, std::string> environment = {};
  std::map<std::string, std::string> tags = {};
  std::string output_path = {};    // "": the session's default bucket
  std::string code_location = {};  // s3://bucket/prefix for sourcedir.tar.gz; "": likewise
  std::string base_job_name = {};  // "": of the image
};

/// A training job to be. The session must outlive it.
class Estimator {
 public:
  /// SystemError when image, role or instance type are missing.
  Estimator(Session& session, EstimatorOptions options);

  /// Uploads the code, starts the job and, with `wait`, stays until it has ended, printing its
  /// logs to stdout when `logs`. SystemError with the FailureReason when it did not complete.
  void fit(const Inputs& inputs, bool wait = true, bool logs = true,
           const std::string& job_name = "");

  /// Serves the model of the latest job; returns when the endpoint is InService.
  Predictor deploy(int instance_count, const std::string& instance_type,
                   const std::string& endpoint_name = "");
  /// The model of the latest job, to be created.
  Model create_model(const std::string& name = "");

  /// An estimator for a job that exists already.
  static Estimator attach(Session& session, const std::string& job_name);

  const std::string& latest_job() const { return latest_job_; }
  /// s3://…/model.tar.gz of the latest job, which must have completed.
  std::string model_data();
  const EstimatorOptions& options() const { return options_; }
  Session& session() { return session_; }

  /// Packs and uploads the code as <job_name>/source/sourcedir.tar.gz, once for each name; nothing
  /// happens without an entry point.
  void upload_code(const std::string& job_name);
  /// CreateTrainingJob's members but TrainingJobName, in the Python SDK's order. `output_path`
  /// overrides the estimator's.
  json::object training_config(const Inputs& inputs, const std::string& output_path = "");
  /// Image and environment for serving, without ModelDataUrl.
  json::object serving_container(const std::string& instance_type);
  /// Where jobs of this estimator put their output when nothing else is said.
  std::string output_path();

  /// image_uri, or PyTorch's for framework_version.
  std::string training_image() const;
  std::string serving_image(const std::string& instance_type) const;

 private:
  json::object job_hyperparameters() const;

  Session& session_;
  EstimatorOptions options_;
  std::string latest_job_;
  std::string code_name_;  // the name under which the code was uploaded
  std::string code_uri_;
  std::string program_;
};

/// Runs PyTorch programs: Python scripts, or C++ programs over libtorch.
class PyTorch : public Estimator {
 public:
  /// SystemError when neither framework_version nor image_uri is given.
  PyTorch(Session& session, EstimatorOptions options);
};

}  // namespace trainyard::sdk
