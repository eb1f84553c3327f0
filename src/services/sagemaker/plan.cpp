#include "services/sagemaker/plan.hpp"

#include "base/hash.hpp"
#include "runtimes/variables.hpp"
#include "services/sagemaker/instance_types.hpp"
#include "services/sagemaker/notebook.hpp"
#include "services/sagemaker/training_job.hpp"

namespace trainyard::sagemaker {
namespace {

// A stopped container has this time between SIGTERM and SIGKILL (SageMaker Developer Guide,
// "StopTrainingJob" and "Custom Inference Code with Hosting Services").
constexpr int kTrainingStopGraceSeconds = 120;
constexpr int kServingStopGraceSeconds = 30;
constexpr int64_t kGibibyte = int64_t{1} << 30;
constexpr int32_t kVolumeDefaultGibibytes = 30;
constexpr int64_t kMillisPerSecond = 1000;
constexpr std::size_t kInstanceIdCharacters = 17;  // as EC2's: i-0123456789abcdef0

json::object to_object(const std::map<std::string, std::string>& map) {
  json::object object;
  for (const auto& [key, value] : map) object[key] = value;
  return object;
}

json::object input_data_config(const CreateTrainingJobInput& request) {
  json::object config;
  for (const Channel& channel : request.input_data_config.value_or(std::vector<Channel>{})) {
    json::object entry{
        {"TrainingInputMode",
         channel.input_mode.value_or(request.algorithm_specification->training_input_mode)},
        {"S3DistributionType", channel.data_source.s3_data_source->s3_data_distribution_type
                                   .value_or("FullyReplicated")},
        {"RecordWrapperType", channel.record_wrapper_type.value_or("None")}};
    if (channel.content_type) entry["ContentType"] = *channel.content_type;
    config[channel.channel_name] = std::move(entry);
  }
  return config;
}

json::array channels(const CreateTrainingJobInput& request) {
  json::array array;
  for (const Channel& channel : request.input_data_config.value_or(std::vector<Channel>{})) {
    const S3DataSource& source = *channel.data_source.s3_data_source;
    array.push_back(json::object{
        {"name", channel.channel_name},
        {"s3_uri", source.s3_uri},
        {"s3_data_type", source.s3_data_type},
        {"distribution", source.s3_data_distribution_type.value_or("FullyReplicated")}});
  }
  return array;
}

json::array metrics(const AlgorithmSpecification& algorithm) {
  json::array array;
  for (const auto& metric :
       algorithm.metric_definitions.value_or(std::vector<MetricDefinition>{})) {
    array.push_back(json::object{{"name", metric.name}, {"regex", metric.regex}});
  }
  return array;
}

/// The S3 URI that a hyperparameter holds: SDKs write its value as JSON ("\"s3://…\""), people may
/// write it plain. "" for anything else.
std::string s3_uri_in(const std::map<std::string, std::string>& map, const std::string& key) {
  auto entry = map.find(key);
  if (entry == map.end()) return "";
  std::string text = entry->second;
  auto value = parse_json(text);
  if (value && value->is_string()) text = to_std(value->get_string());
  return text.starts_with("s3://") ? text : "";
}

/// Puts what the image means on this host into the plan and the program's environment (read by the
/// toolkit). The request's own variables come first.
void add_runtime(const Site& site, const std::string& image, json::object& plan,
                 std::map<std::string, std::string>& environment) {
  plan["image"] = image;
  environment[runtimes::kImageVariable] = image;
  runtimes::Match match;
  if (!site.runtimes->find(image, match)) return;
  const runtimes::Runtime& runtime = match.runtime;
  for (const auto& [name, value] : runtime.environment) environment.emplace(name, value);
  if (runtime.oci) {
    plan["oci"] = runtimes::image_that_runs(runtime, image);
    return;
  }
  environment.emplace(runtimes::kInterpreterVariable, runtime.interpreter);
  plan["folders"] = json::value_from(runtime.folders);
  if (runtime.framework.empty()) return;
  environment[runtimes::kFrameworkVariable] = runtime.framework;
  environment[runtimes::kPackageVariable] = runtime.package;
  environment[runtimes::kAskedVariable] = match.asked;
}

/// What takes the place of an image's own entry point and arguments.
void add_words(const AlgorithmSpecification& algorithm, json::object& plan) {
  const std::vector<std::string> none;
  plan["entrypoint"] = json::value_from(algorithm.container_entrypoint.value_or(none));
  plan["arguments"] = json::value_from(algorithm.container_arguments.value_or(none));
}

/// Members that plans of both kinds have.
json::object base_plan(const Site& site, std::string_view kind, const Attempt& attempt,
                       const std::string& instance_type, int instances) {
  // The type was known when the request was checked.
  Share share = share_of(find_instance_type(instance_type).value_or(InstanceType{1, 0, 0}),
                         this_machine(), instances);
  return {{"version", kPlanVersion},
          {"kind", kind},
          {"attempt", attempt.id},
          {"token", attempt.token},
          {"region", site.region},
          {"account", site.account},
          {"name", attempt.owner},
          {"cpus", share.cpus},
          {"gpus", share.gpus},
          {"memory_bytes", share.memory_bytes}};
}

}  // namespace

std::vector<std::string> training_hosts(const CreateTrainingJobInput& request) {
  std::vector<std::string> hosts;
  for (int32_t i = 1; i <= request.resource_config->instance_count.value_or(1); ++i) {
    hosts.push_back("algo-" + std::to_string(i));
  }
  return hosts;
}

std::string log_group_of(const Attempt& attempt) {
  if (attempt.owner_kind == Kind::training_job) return "/aws/sagemaker/TrainingJobs";
  if (attempt.owner_kind == Kind::notebook_instance) return "/aws/sagemaker/NotebookInstances";
  return "/aws/sagemaker/Endpoints/" + attempt.owner;
}

std::string log_stream_of(const Attempt& attempt, const std::string& host) {
  if (attempt.owner_kind == Kind::notebook_instance) return attempt.owner + "/jupyter.log";
  if (attempt.owner_kind == Kind::training_job) {
    return attempt.owner + "/" + host + "-" +
           std::to_string(to_millis(attempt.created) / kMillisPerSecond);
  }
  // Told from the attempt's id, which is unique for ever.
  return attempt.variant + "/i-" + sha256_hex(attempt.id).substr(0, kInstanceIdCharacters);
}

json::object training_plan(const Site& site, const CreateTrainingJobInput& request,
                           const Attempt& attempt) {
  const ResourceConfig& resources = *request.resource_config;
  std::vector<std::string> hosts = training_hosts(request);
  json::object plan = base_plan(site, "train", attempt, resources.instance_type.value_or(""),
                                static_cast<int>(hosts.size()));
  json::object streams;
  for (const std::string& host : hosts) streams[host] = log_stream_of(attempt, host);
  std::map<std::string, std::string> none;
  auto environment = request.environment.value_or(none);
  environment["TRAINING_JOB_NAME"] = request.training_job_name;
  environment["TRAINING_JOB_ARN"] = arn_of(site, Kind::training_job, request.training_job_name);
  auto hyperparameters = request.hyper_parameters.value_or(none);
  plan["hosts"] = json::value_from(hosts);
  const AlgorithmSpecification& algorithm = *request.algorithm_specification;
  add_runtime(site, algorithm.training_image.value_or(""), plan, environment);
  if (plan.contains("oci")) add_words(algorithm, plan);
  plan["log_group"] = log_group_of(attempt);
  plan["log_streams"] = std::move(streams);
  plan["environment"] = to_object(environment);
  plan["hyperparameters"] = to_object(hyperparameters);
  plan["input_data_config"] = input_data_config(request);
  plan["channels"] = channels(request);
  plan["model_data_url"] = "";
  plan["code_uri"] = s3_uri_in(hyperparameters, "sagemaker_submit_directory");
  plan["outputs"] = {{"model", artifact_uri(request, "model.tar.gz")},
                     {"data", artifact_uri(request, "output.tar.gz")}};
  plan["metrics"] = metrics(algorithm);
  plan["stop_grace_seconds"] = kTrainingStopGraceSeconds;
  plan["volume_bytes"] = resources.volume_size_in_gb.value_or(kVolumeDefaultGibibytes) * kGibibyte;
  plan["network_isolation"] = request.enable_network_isolation.value_or(false);
  return plan;
}

json::object serving_plan(const Site& site, const ProductionVariant& variant,
                          const CreateModelInput& model, const Attempt& attempt) {
  json::object plan =
      base_plan(site, "serve", attempt, variant.instance_type.value_or(""), 1);
  const ContainerDefinition& container = container_of(model);
  auto environment = container.environment.value_or(std::map<std::string, std::string>{});
  environment.emplace("SAGEMAKER_REGION", site.region);
  plan["hosts"] = {kServingHost};
  add_runtime(site, container.image.value_or(""), plan, environment);
  plan["log_group"] = log_group_of(attempt);
  plan["log_streams"] = {{kServingHost, log_stream_of(attempt, kServingHost)}};
  plan["environment"] = to_object(environment);
  plan["hyperparameters"] = json::object{};
  plan["input_data_config"] = json::object{};
  plan["channels"] = json::array{};
  plan["model_data_url"] = model_data_url(container);
  plan["code_uri"] = s3_uri_in(environment, "SAGEMAKER_SUBMIT_DIRECTORY");
  plan["outputs"] = json::object{};
  plan["metrics"] = json::array{};
  plan["stop_grace_seconds"] = kServingStopGraceSeconds;
  plan["volume_bytes"] = variant.volume_size_in_gb.value_or(kVolumeDefaultGibibytes) * kGibibyte;
  plan["network_isolation"] = model.enable_network_isolation.value_or(false);
  plan["ping_timeout_seconds"] =
      variant.container_startup_health_check_timeout_in_seconds.value_or(kPingTimeoutSeconds);
  return plan;
}

json::object notebook_plan(const Site& site, const Notebook& notebook, const Attempt& attempt) {
  const CreateNotebookInstanceInput& settings = notebook.settings;
  json::object plan = base_plan(site, "notebook", attempt, settings.instance_type, 1);
  plan["name"] = settings.notebook_instance_name;
  plan["arn"] = arn_of(site, notebook);
  plan["volume"] = notebook.volume;
  std::map<std::string, std::string> environment{{"JUPYTER_TOKEN", jupyter_token_of(attempt)}};
  add_runtime(site, settings.platform_identifier.value_or(""), plan, environment);
  plan["hosts"] = {kServingHost};
  plan["log_group"] = log_group_of(attempt);
  plan["log_streams"] = {{kServingHost, log_stream_of(attempt, kServingHost)}};
  plan["environment"] = to_object(environment);
  plan["stop_grace_seconds"] = kServingStopGraceSeconds;
  plan["ping_timeout_seconds"] = kNotebookStartSeconds;
  plan["network_isolation"] = settings.direct_internet_access == "Disabled";
  return plan;
}

std::string jupyter_token_of(const Attempt& attempt) {
  return hex(hmac_sha256(attempt.token, "jupyter"));
}

const ContainerDefinition& container_of(const CreateModelInput& model) {
  if (model.primary_container) return *model.primary_container;
  TRAINYARD_ASSERT(model.containers && !model.containers->empty());
  return model.containers->front();
}

std::string model_data_url(const ContainerDefinition& container) {
  if (container.model_data_url) return *container.model_data_url;
  if (container.model_data_source && container.model_data_source->s3_data_source) {
    const S3ModelDataSource& source = *container.model_data_source->s3_data_source;
    const bool open_prefix = source.s3_data_type == "S3Prefix" && !source.s3_uri.ends_with('/');
    return source.s3_uri + (open_prefix ? "/" : "");
  }
  return "";
}

}  // namespace trainyard::sagemaker
