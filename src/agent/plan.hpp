// What an agent has to do: DIR/attempts/<id>/plan.json, written by the sagemaker service and the
// same for every host of the attempt.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace trainyard::agent {

inline constexpr int kPlanVersion = 1;

struct Channel {
  std::string name;
  std::string s3_uri;
  std::string data_type;     // S3Prefix, ManifestFile, AugmentedManifestFile
  std::string distribution;  // FullyReplicated, ShardedByS3Key
};

struct Metric {
  std::string name;
  std::string regex;
};

enum class Kind { train, serve, notebook };

/// As plans and the toolkit's command line have it.
const char* name_of(Kind kind);

struct Plan {
  Kind kind = Kind::train;
  std::string attempt;
  std::string token;   // of the attempt, for the daemon's doors; never for the program
  std::string region, account;
  std::string name;    // of the job, the endpoint or the notebook instance
  std::string arn;     // of the notebook instance
  std::vector<std::string> hosts;
  std::string log_group;
  std::map<std::string, std::string> log_streams;  // by host
  std::map<std::string, std::string> environment;
  std::vector<std::string> folders;         // of the host, that the program's runtime is in
  std::string oci;                          // the OCI image that runs; "" when none does
  std::vector<std::string> entrypoint, arguments;  // in the place of the image's own
  json::object hyperparameters, input_data_config;
  std::vector<Channel> channels;
  std::string model_data_url, code_uri;     // "" when there is none
  std::string model_output, data_output;    // s3://…/model.tar.gz, …/output.tar.gz
  std::vector<Metric> metrics;
  std::chrono::seconds stop_grace{120};
  std::chrono::seconds ping_timeout{240};   // of what serves: until the first answer
  int cpus = 1, gpus = 0;
  uint64_t memory_bytes = 0, volume_bytes = 0;  // 0: no ceiling
  /// Of a notebook: no way into the internet. Of all else: none to the AWS API either.
  bool network_isolation = false;

  bool trains() const { return kind == Kind::train; }
  bool is_notebook() const { return kind == Kind::notebook; }
};

/// SystemError that names the member that is missing or of the wrong type.
Plan parse_plan(std::string_view text);

}  // namespace trainyard::agent
