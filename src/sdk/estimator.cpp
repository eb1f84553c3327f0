#include "sdk/estimator.hpp"

#include <iostream>

#include "base/error.hpp"
#include "base/text.hpp"
#include "generated/sagemaker/client.hpp"
#include "generated/sagemaker/types.hpp"
#include "sdk/encoding.hpp"
#include "sdk/images.hpp"
#include "wire/json.hpp"

namespace trainyard::sdk {
namespace {

constexpr const char* kFrameworkPrefix = "sagemaker_";
constexpr const char* kLogLevel = "20";  // Python's logging.INFO

void require(const std::string& value, const char* name) {
  if (value.empty()) throw SystemError(std::string("an estimator needs ") + name);
}

json::object to_object(const std::map<std::string, std::string>& texts) {
  json::object object;
  for (const auto& [name, text] : texts) object[name] = text;
  return object;
}

json::array to_tags(const std::map<std::string, std::string>& tags) {
  json::array list;
  for (const auto& [key, value] : tags) list.push_back({{"Key", key}, {"Value", value}});
  return list;
}

}  // namespace

Inputs& Inputs::add(const std::string& name, const Channel& channel) {
  json::object object = {
      {"DataSource",
       {{"S3DataSource",
         {{"S3DataType", channel.s3_data_type},
          {"S3Uri", channel.s3_uri},
          {"S3DataDistributionType", channel.distribution}}}}},
      {"ChannelName", name}};
  if (!channel.content_type.empty()) object["ContentType"] = channel.content_type;
  if (!channel.compression.empty()) object["CompressionType"] = channel.compression;
  if (!channel.input_mode.empty()) object["InputMode"] = channel.input_mode;
  channels_.push_back(std::move(object));
  return *this;
}

Estimator::Estimator(Session& session, EstimatorOptions options)
    : session_(session), options_(std::move(options)) {
  if (options_.image_uri.empty()) {
    require(options_.framework_version, "framework_version or image_uri");
  }
  require(options_.role, "role");
  require(options_.train_instance_type, "train_instance_type");
  if (options_.train_instance_count < 1) throw SystemError("train_instance_count must be positive");
  training_image();
}

PyTorch::PyTorch(Session& session, EstimatorOptions options)
    : Estimator(session, std::move(options)) {
  require(this->options().entry_point, "entry_point");
  program_name({this->options().entry_point, this->options().source_dir, {}});
}

std::string Estimator::training_image() const {
  if (!options_.image_uri.empty()) return options_.image_uri;
  return pytorch_image(session_.region(), options_.framework_version, options_.py_version,
                       options_.train_instance_type, ImageUse::training);
}

std::string Estimator::serving_image(const std::string& instance_type) const {
  if (!options_.image_uri.empty()) return options_.image_uri;
  return pytorch_image(session_.region(), options_.framework_version, options_.py_version,
                       instance_type, ImageUse::inference);
}

std::string Estimator::output_path() {
  if (!options_.output_path.empty()) return options_.output_path;
  return "s3://" + session_.default_bucket() + "/";
}

void Estimator::upload_code(const std::string& job_name) {
  if (options_.entry_point.empty() || code_name_ == job_name) return;
  std::string bucket;
  std::string prefix;
  if (options_.code_location.empty()) {
    bucket = session_.default_bucket();
  } else if (!parse_s3_uri(options_.code_location, bucket, prefix)) {
    throw SystemError("code_location is not an S3 URI: " + options_.code_location);
  }
  const TempDir folder;
  const fs::path archive = folder.path() / "sourcedir.tar.gz";
  pack_source({options_.entry_point, options_.source_dir, options_.dependencies}, archive);
  const std::string name = job_name + "/source/sourcedir.tar.gz";
  const std::string key = prefix.empty() ? name : join_uri(prefix, name);
  session_.upload_file(archive, bucket, key);
  program_ = program_name({options_.entry_point, options_.source_dir, {}});
  code_name_ = job_name;
  code_uri_ = "s3://" + bucket + "/" + key;
}

json::object Estimator::job_hyperparameters() const {
  json::object values = options_.hyperparameters;
  if (!code_uri_.empty()) {
    values["sagemaker_submit_directory"] = code_uri_;
    values["sagemaker_program"] = program_;
    values["sagemaker_enable_cloudwatch_metrics"] = false;
    values["sagemaker_container_log_level"] = std::atoi(kLogLevel);
    values["sagemaker_job_name"] = code_name_;
    values["sagemaker_region"] = session_.region();
  }
  return encode_hyperparameters(values);
}

json::object Estimator::training_config(const Inputs& inputs, const std::string& output_path) {
  const std::string& output = output_path.empty() ? this->output_path() : output_path;
  json::object algorithm = {{"TrainingImage", training_image()},
                            {"TrainingInputMode", options_.input_mode}};
  if (!options_.metric_definitions.empty()) {
    json::array metrics;
    for (const MetricDefinition& metric : options_.metric_definitions) {
      metrics.push_back({{"Name", metric.name}, {"Regex", metric.regex}});
    }
    algorithm["MetricDefinitions"] = std::move(metrics);
  }
  json::object config;
  config["AlgorithmSpecification"] = std::move(algorithm);
  config["OutputDataConfig"] = {{"S3OutputPath", output}};
  config["StoppingCondition"] = {{"MaxRuntimeInSeconds", options_.train_max_run_seconds}};
  config["ResourceConfig"] = {{"InstanceCount", options_.train_instance_count},
                              {"InstanceType", options_.train_instance_type},
                              {"VolumeSizeInGB", options_.train_volume_size_gb}};
  config["RoleArn"] = options_.role;
  if (!inputs.to_json().empty()) config["InputDataConfig"] = inputs.to_json();
  config["HyperParameters"] = job_hyperparameters();
  if (!options_.environment.empty()) config["Environment"] = to_object(options_.environment);
  if (!options_.tags.empty()) config["Tags"] = to_tags(options_.tags);
  config["DebugHookConfig"] = {{"S3OutputPath", this->output_path()}};
  return config;
}

json::object Estimator::serving_container(const std::string& instance_type) {
  json::object environment;
  if (!code_uri_.empty()) {
    environment["SAGEMAKER_PROGRAM"] = program_;
    environment["SAGEMAKER_SUBMIT_DIRECTORY"] = code_uri_;
    environment["SAGEMAKER_ENABLE_CLOUDWATCH_METRICS"] = "false";
    environment["SAGEMAKER_CONTAINER_LOG_LEVEL"] = kLogLevel;
    environment["SAGEMAKER_REGION"] = session_.region();
  }
  for (const auto& [name, value] : options_.environment) environment[name] = value;
  return {{"Image", serving_image(instance_type)}, {"Environment", std::move(environment)}};
}

void Estimator::fit(const Inputs& inputs, bool wait, bool logs, const std::string& job_name) {
  const std::string base =
      options_.base_job_name.empty() ? image_base_name(training_image()) : options_.base_job_name;
  const std::string name = job_name.empty() ? name_with_time(base, session_.now()) : job_name;
  upload_code(name);
  json::object config = training_config(inputs);
  config["TrainingJobName"] = name;
  session_.sagemaker().create_training_job(
      wire::from_json<sagemaker::CreateTrainingJobInput>(config));
  latest_job_ = name;
  if (!wait) return;
  std::ostream nowhere(nullptr);
  session_.logs_for_job(name, true, logs ? std::cout : nowhere);
}

std::string Estimator::model_data() {
  if (latest_job_.empty()) throw SystemError("the estimator has not been fitted yet");
  const auto job = session_.sagemaker().describe_training_job({.training_job_name = latest_job_});
  const json::object described = wire::to_json(job);
  if (const json::object* artifacts = find_object(described, "ModelArtifacts")) {
    if (const auto uri = find_string(*artifacts, "S3ModelArtifacts")) return *uri;
  }
  throw SystemError("training job " + latest_job_ + " has no model: it is " +
                    find_string(described, "TrainingJobStatus").value_or("unknown"));
}

Model Estimator::create_model(const std::string& name) {
  json::object container = serving_container(options_.train_instance_type);
  container["ModelDataUrl"] = model_data();
  return Model(session_, name.empty() ? latest_job_ : name, std::move(container), options_.role);
}

Predictor Estimator::deploy(int instance_count, const std::string& instance_type,
                            const std::string& endpoint_name) {
  json::object container = serving_container(instance_type);
  container["ModelDataUrl"] = model_data();
  Model model(session_, latest_job_, std::move(container), options_.role);
  return model.deploy(instance_count, instance_type, endpoint_name);
}

Estimator Estimator::attach(Session& session, const std::string& job_name) {
  const json::object job = wire::to_json(
      session.sagemaker().describe_training_job({.training_job_name = job_name}));
  const json::object empty;
  auto part = [&](const char* name) -> const json::object& {
    const json::object* found = find_object(job, name);
    return found == nullptr ? empty : *found;
  };
  const json::object& resources = part("ResourceConfig");
  EstimatorOptions options;
  options.image_uri = find_string(part("AlgorithmSpecification"), "TrainingImage").value_or("");
  options.role = find_string(job, "RoleArn").value_or("");
  options.train_instance_count =
      static_cast<int>(find_integer(resources, "InstanceCount").value_or(1));
  options.train_instance_type = find_string(resources, "InstanceType").value_or("");
  options.train_volume_size_gb =
      static_cast<int>(find_integer(resources, "VolumeSizeInGB").value_or(30));
  options.train_max_run_seconds = static_cast<int>(
      find_integer(part("StoppingCondition"), "MaxRuntimeInSeconds").value_or(86'400));
  options.output_path = find_string(part("OutputDataConfig"), "S3OutputPath").value_or("");
  std::string code;
  std::string program;
  std::string code_name;
  for (const auto& [name, value] : decode_hyperparameters(part("HyperParameters"))) {
    const std::string text = value.is_string() ? to_std(value.get_string()) : "";
    if (name == "sagemaker_submit_directory") code = text;
    if (name == "sagemaker_program") program = text;
    if (name == "sagemaker_job_name") code_name = text;
    if (!name.starts_with(kFrameworkPrefix)) options.hyperparameters[name] = value;
  }
  Estimator estimator(session, std::move(options));
  estimator.latest_job_ = job_name;
  estimator.code_uri_ = code;
  estimator.code_name_ = code_name;
  estimator.program_ = program;
  return estimator;
}

}  // namespace trainyard::sdk
