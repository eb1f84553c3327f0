#include "services/sagemaker/checks.hpp"

#include <set>

#include "base/text.hpp"
#include "generated/sagemaker/errors.hpp"
#include "services/sagemaker/instance_types.hpp"
#include "services/sagemaker/plan.hpp"
#include "services/sagemaker/resources.hpp"
#include "wire/pattern.hpp"

namespace trainyard::sagemaker {
namespace {

constexpr int32_t kMaxRuntimeMaxSeconds = 28 * 86'400;  // StoppingCondition: 28 days

[[noreturn]] void refuse_member(std::string_view member) {
  throw invalid(std::string(member) + " is not supported here.");
}

void refuse_if(bool present, std::string_view member) {
  if (present) refuse_member(member);
}

/// What becomes a program's environment or arguments must be free of the character that ends both.
void check_words(const std::optional<std::map<std::string, std::string>>& words,
                 const std::string& member) {
  if (!words) return;
  for (const auto& [name, value] : *words) {
    if (name.find('\0') == std::string::npos && value.find('\0') == std::string::npos) continue;
    throw invalid(member + ": '" + name.substr(0, name.find('\0')) +
                  "' holds a NUL character, which no environment variable can.");
  }
}

void check_s3_uri(const std::string& uri, const std::string& member) {
  std::string bucket, key;
  if (!parse_s3_uri(uri, bucket, key)) {
    throw invalid(member + " must be an S3 URI of the form s3://bucket/prefix, but is '" + uri +
                  "'.");
  }
}

void check_instance_count(int32_t count, const std::string& member) {
  if (count < 1) throw invalid(member + " must be at least 1.");
  if (count > kInstancesMax) {
    throw errors::resource_limit_exceeded(
        member + " is " + std::to_string(count) + ", and the account-level service limit is " +
        std::to_string(kInstancesMax) + " Instances.");
  }
}

void check_input_mode(const std::string& mode, const std::string& member) {
  // FastFile promises the files under the same paths as File does.
  if (mode == "Pipe") throw invalid(member + " Pipe is not supported here; use File or FastFile.");
}

void check_channel(const Channel& channel) {
  const std::string at = "InputDataConfig: channel '" + channel.channel_name + "': ";
  const auto& source = channel.data_source.s3_data_source;
  if (!source) throw invalid(at + "DataSource must have an S3DataSource; no other is supported.");
  check_s3_uri(source->s3_uri, at + "S3Uri");
  refuse_if(source->instance_group_names && !source->instance_group_names->empty(),
            at + "InstanceGroupNames");
  refuse_if(channel.shuffle_config.has_value(), at + "ShuffleConfig");
  refuse_if(channel.record_wrapper_type.value_or("None") != "None", at + "RecordWrapperType");
  check_input_mode(channel.input_mode.value_or("File"), at + "InputMode");
}

void check_channels(const CreateTrainingJobInput& input) {
  std::set<std::string> names;
  for (const Channel& channel : input.input_data_config.value_or(std::vector<Channel>{})) {
    // AWS's pattern has them, but each channel is a folder of that name.
    if (channel.channel_name == "." || channel.channel_name == "..") {
      throw invalid("InputDataConfig: '" + channel.channel_name +
                    "' cannot be the name of a channel, because it names no folder of its own.");
    }
    if (!names.insert(channel.channel_name).second) {
      throw invalid("InputDataConfig: the channel name '" + channel.channel_name +
                    "' stands more than once.");
    }
    check_channel(channel);
  }
}

void check_metrics(const AlgorithmSpecification& algorithm) {
  std::set<std::string> names;
  for (const auto& metric :
       algorithm.metric_definitions.value_or(std::vector<MetricDefinition>{})) {
    if (!names.insert(metric.name).second) {
      throw invalid("MetricDefinitions: the name '" + metric.name + "' stands more than once.");
    }
    if (auto error = wire::pattern_error(metric.regex)) {
      throw invalid("MetricDefinitions: the regular expression of '" + metric.name +
                    "' does not compile: " + *error + ".");
    }
  }
}

/// What the image's own entry point and arguments are replaced with.
void check_container_words(const AlgorithmSpecification& algorithm,
                           const runtimes::Table& runtimes) {
  runtimes::Match match;
  const bool oci = runtimes.find(*algorithm.training_image, match) && match.runtime.oci;
  for (const auto& [words, member] :
       {std::pair(algorithm.container_entrypoint, "AlgorithmSpecification.ContainerEntrypoint"),
        std::pair(algorithm.container_arguments, "AlgorithmSpecification.ContainerArguments")}) {
    if (!words) continue;
    if (!oci) {
      throw invalid(std::string(member) + " is for OCI images; " + *algorithm.training_image +
                    " is none by this daemon's runtimes table.");
    }
    for (const std::string& word : *words) {
      if (word.find('\0') == std::string::npos) continue;
      throw invalid(std::string(member) + " holds a NUL character, which no argument can.");
    }
  }
}

void check_algorithm(const CreateTrainingJobInput& input, const runtimes::Table& runtimes) {
  if (!input.algorithm_specification) throw invalid("AlgorithmSpecification is required.");
  const AlgorithmSpecification& algorithm = *input.algorithm_specification;
  refuse_if(algorithm.algorithm_name.has_value(), "AlgorithmSpecification.AlgorithmName");
  if (algorithm.training_image.value_or("").empty()) {
    throw invalid("AlgorithmSpecification.TrainingImage is required.");
  }
  check_container_words(algorithm, runtimes);
  check_input_mode(algorithm.training_input_mode, "AlgorithmSpecification.TrainingInputMode");
  check_metrics(algorithm);
}

void check_training_resources(const CreateTrainingJobInput& input) {
  if (!input.resource_config) throw invalid("ResourceConfig is required.");
  const ResourceConfig& resources = *input.resource_config;
  refuse_if(resources.instance_groups && !resources.instance_groups->empty(),
            "ResourceConfig.InstanceGroups");
  refuse_if(resources.training_plan_arn.has_value(), "ResourceConfig.TrainingPlanArn");
  refuse_if(resources.keep_alive_period_in_seconds.value_or(0) > 0,
            "ResourceConfig.KeepAlivePeriodInSeconds");
  if (!resources.instance_type) throw invalid("ResourceConfig.InstanceType is required.");
  check_instance_count(resources.instance_count.value_or(0), "ResourceConfig.InstanceCount");
  check_instance_type(*resources.instance_type, "training job", this_machine());
}

void check_stopping(const CreateTrainingJobInput& input) {
  if (!input.stopping_condition) return;
  const StoppingCondition& stopping = *input.stopping_condition;
  int32_t runtime = stopping.max_runtime_in_seconds.value_or(1);
  if (runtime > kMaxRuntimeMaxSeconds) {
    throw invalid("StoppingCondition.MaxRuntimeInSeconds must be at most " +
                  std::to_string(kMaxRuntimeMaxSeconds) + ".");
  }
  if (!stopping.max_wait_time_in_seconds) return;
  if (!input.enable_managed_spot_training.value_or(false)) {
    throw invalid("StoppingCondition.MaxWaitTimeInSeconds must only be given with "
                  "EnableManagedSpotTraining.");
  }
  if (*stopping.max_wait_time_in_seconds < runtime) {
    throw invalid("StoppingCondition.MaxWaitTimeInSeconds must not be less than "
                  "MaxRuntimeInSeconds.");
  }
}

const char* unsupported_container_member(const ContainerDefinition& container) {
  if (container.mode.value_or("SingleModel") != "SingleModel") return "Mode MultiModel";
  if (container.model_package_name) return "ModelPackageName";
  if (container.inference_specification_name) return "InferenceSpecificationName";
  if (container.multi_model_config) return "MultiModelConfig";
  const auto& more = container.additional_model_data_sources;
  if (more && !more->empty()) return "AdditionalModelDataSources";
  return nullptr;
}

void check_container(const ContainerDefinition& container) {
  if (const char* member = unsupported_container_member(container)) refuse_member(member);
  if (container.image.value_or("").empty()) throw invalid("A container must have an Image.");
  check_words(container.environment, "Environment");
  if (container.model_data_source) {
    const auto& source = container.model_data_source->s3_data_source;
    if (!source) throw invalid("ModelDataSource must have an S3DataSource.");
    if (container.model_data_url) {
      throw invalid("A container must not have both ModelDataUrl and ModelDataSource.");
    }
    const bool archive = source->s3_data_type == "S3Object" && source->compression_type == "Gzip";
    const bool files = source->s3_data_type == "S3Prefix" && source->compression_type == "None";
    if (!archive && !files) {
      refuse_member("A ModelDataSource other than a Gzip S3Object or an uncompressed S3Prefix");
    }
  }
  std::string url = model_data_url(container);
  if (!url.empty()) check_s3_uri(url, "ModelDataUrl");
}

void check_variant(const ProductionVariant& variant) {
  const std::string at = "ProductionVariants: variant '" + variant.variant_name + "': ";
  refuse_if(variant.serverless_config.has_value(), at + "ServerlessConfig");
  refuse_if(variant.instance_pools && !variant.instance_pools->empty(), at + "InstancePools");
  refuse_if(variant.accelerator_type.has_value(), at + "AcceleratorType");
  refuse_if(variant.core_dump_config.has_value(), at + "CoreDumpConfig");
  refuse_if(variant.managed_instance_scaling.has_value(), at + "ManagedInstanceScaling");
  refuse_if(variant.capacity_reservation_config.has_value(), at + "CapacityReservationConfig");
  if (!variant.model_name) throw invalid(at + "ModelName is required.");
  if (!variant.instance_type) throw invalid(at + "InstanceType is required.");
  check_instance_count(variant.initial_instance_count.value_or(0), at + "InitialInstanceCount");
  if (variant.initial_variant_weight.value_or(1) < 0) {
    throw invalid(at + "InitialVariantWeight must not be negative.");
  }
  check_instance_type(*variant.instance_type, "endpoint", this_machine());
}

/// Members that the requests to create and to update a notebook instance share.
template <class Input>
void refuse_unsupported_of_notebook(const Input& input) {
  refuse_if(input.lifecycle_config_name.has_value(), "LifecycleConfigName");
  refuse_if(input.default_code_repository.has_value(), "DefaultCodeRepository");
  refuse_if(input.additional_code_repositories && !input.additional_code_repositories->empty(),
            "AdditionalCodeRepositories");
  refuse_if(input.accelerator_types && !input.accelerator_types->empty(), "AcceleratorTypes");
}

}  // namespace

void check_training_job(const CreateTrainingJobInput& input, const runtimes::Table& runtimes) {
  refuse_if(input.serverless_job_config.has_value(), "ServerlessJobConfig");
  refuse_if(input.checkpoint_config.has_value(), "CheckpointConfig");
  refuse_if(input.mlflow_config.has_value(), "MlflowConfig");
  refuse_if(input.model_package_config.has_value(), "ModelPackageConfig");
  refuse_if(input.remote_debug_config && input.remote_debug_config->enable_remote_debug
                                             .value_or(false),
            "RemoteDebugConfig.EnableRemoteDebug");
  check_algorithm(input, runtimes);
  check_training_resources(input);
  check_channels(input);
  check_words(input.environment, "Environment");
  check_words(input.hyper_parameters, "HyperParameters");
  check_s3_uri(input.output_data_config.s3_output_path, "OutputDataConfig.S3OutputPath");
  refuse_if(input.output_data_config.compression_type.value_or("GZIP") != "GZIP",
            "OutputDataConfig.CompressionType NONE");
  check_stopping(input);
}

void check_model(const CreateModelInput& input) {
  const std::size_t count = input.containers ? input.containers->size() : 0;
  if (input.primary_container.has_value() == (count > 0)) {
    throw invalid("A model must have either PrimaryContainer or Containers.");
  }
  refuse_if(count > 1, "A model of several containers");
  check_container(container_of(input));
  // Without a role, no instance could fetch the model or call AWS.
  if (!input.execution_role_arn) throw invalid("ExecutionRoleArn is required.");
}

void check_notebook(const CreateNotebookInstanceInput& input) {
  refuse_unsupported_of_notebook(input);
  if (input.direct_internet_access == "Disabled" && !input.subnet_id) {
    throw invalid("DirectInternetAccess can be Disabled only with a SubnetId.");
  }
  check_instance_type(input.instance_type, "notebook instance", this_machine());
}

void check_notebook_update(const UpdateNotebookInstanceInput& input,
                           const CreateNotebookInstanceInput& settings) {
  refuse_unsupported_of_notebook(input);
  if (input.instance_type) {
    check_instance_type(*input.instance_type, "notebook instance", this_machine());
  }
  if (input.volume_size_in_gb.value_or(kNotebookVolumeMaxGibibytes) <
      settings.volume_size_in_gb.value_or(kNotebookVolumeGibibytes)) {
    throw invalid("VolumeSizeInGB can be increased only.");
  }
}

void check_endpoint_config(const CreateEndpointConfigInput& input) {
  refuse_if(input.async_inference_config.has_value(), "AsyncInferenceConfig");
  refuse_if(input.explainer_config.has_value(), "ExplainerConfig");
  refuse_if(input.shadow_production_variants && !input.shadow_production_variants->empty(),
            "ShadowProductionVariants");
  refuse_if(input.data_capture_config && input.data_capture_config->enable_capture.value_or(false),
            "DataCaptureConfig.EnableCapture");
  std::set<std::string> names;
  for (const ProductionVariant& variant : input.production_variants) {
    if (!names.insert(variant.variant_name).second) {
      throw invalid("ProductionVariants: the variant name '" + variant.variant_name +
                    "' stands more than once.");
    }
    check_variant(variant);
  }
}

}  // namespace trainyard::sagemaker
