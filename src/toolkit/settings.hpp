// PURE: from the files under /opt/ml/input/config and the environment to all that a training
// program is told: the SM_* variables, its arguments, the dump in the log (SageMaker Training
// Toolkit, ENVIRONMENT_VARIABLES.md; the names, formats and order of arguments are those of
// sagemaker-containers 2.8).
#pragma once

#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/process.hpp"

namespace trainyard::toolkit {

using Variables = EnvironmentVariables;

/// The three files, as they were read; what is missing is empty.
struct Config {
  json::object hyperparameters;  // hyperparameters.json: all values are strings
  json::object resources;        // resourceconfig.json
  json::object inputs;           // inputdataconfig.json
};

struct Settings {
  fs::path base = "/opt/ml";
  std::vector<std::string> hosts{"algo-1"};
  std::string current_host = "algo-1";
  std::string network_interface;
  int cpus = 1;
  int gpus = 0;
  json::object hyperparameters;       // the user's, decoded
  json::object framework_parameters;  // sagemaker_* that the toolkit itself does not know
  json::object resources;
  json::object inputs;
  std::string program;           // sagemaker_program; "" when nothing names one
  std::string module_dir;        // where the code came from: s3://…/sourcedir.tar.gz
  std::string framework_module;
  std::string job_name;
  std::string region;
  int log_level = 20;            // Python's: 20 is INFO

  fs::path code_dir() const { return base / "code"; }
  fs::path model_dir() const { return base / "model"; }
  fs::path output_dir() const { return base / "output"; }
};

/// `given`: the environment that the toolkit was started with. SM_NUM_CPUS and SM_NUM_GPUS in it
/// are the instance's share; without them `cpus_online` counts. SystemError for malformed settings.
Settings read_settings(const Config& config, const Variables& given, const fs::path& base,
                       int cpus_online);

/// A hyperparameter's value: JSON where it is JSON, else the text itself.
json::value decode(const std::string& text);

/// `--name value` for each hyperparameter in order of the names; `-n value` for one letter.
std::vector<std::string> arguments_of(const json::object& hyperparameters);

/// The hyperparameters that ask for a launcher of SageMaker's images (MPI, torchrun, parameter
/// servers), which is not here: the program runs once a host all the same.
std::vector<std::string> launchers_asked_for(const Settings& settings);

/// The content of SM_TRAINING_ENV.
json::object training_env(const Settings& settings);

/// What the toolkit adds to the program's environment. MASTER_*, NCCL_* and OMP_NUM_THREADS that
/// are `given` stay as they are.
Variables training_variables(const Settings& settings, const Variables& given);
/// The same for a model server.
Variables serving_variables(const fs::path& base, const Variables& given, int cpus_online);

}  // namespace trainyard::toolkit
