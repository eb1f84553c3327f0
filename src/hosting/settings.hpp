// PURE: from an instance's environment to how its model is served.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/process.hpp"

namespace trainyard::hosting {

using Variables = EnvironmentVariables;

struct Settings {
  std::string host = "0.0.0.0";
  int port = 8080;                             // SAGEMAKER_BIND_TO_PORT
  int workers = 1;                             // SAGEMAKER_MODEL_SERVER_WORKERS
  std::chrono::milliseconds timeout{60'000};   // SAGEMAKER_MODEL_SERVER_TIMEOUT, of one request
  fs::path base = "/opt/ml";                   // SAGEMAKER_BASE_DIR
};

/// How a worker is started. It finds its socket as descriptor kWorkerSocket.
struct WorkerCommand {
  std::vector<std::string> argv;  // argv[0] is looked up on the PATH of `environment`
  Variables environment;          // all of it
  fs::path folder;                // working directory
};

/// Without SAGEMAKER_MODEL_SERVER_WORKERS one worker for each of the instance's CPUs (SM_NUM_CPUS,
/// else `cpus_online`). SystemError names the variable that makes no sense.
Settings read_settings(const Variables& given, int cpus_online);

/// The Python worker, from the folder of our own programs, run by TRAINYARD_PYTHON. PYTHONPATH as
/// given leads to the user's module and the shims: the toolkit sees to that. OMP_NUM_THREADS that
/// is given stays; without it the workers share the CPUs.
WorkerCommand python_worker(const Settings& settings, const Variables& given,
                            const fs::path& programs, int cpus_online);

}  // namespace trainyard::hosting
