#include "toolkit/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/error.hpp"
#include "base/text.hpp"
#include "toolkit/python.hpp"

namespace trainyard::toolkit {
namespace {

constexpr std::string_view kFrameworkPrefix = "sagemaker_";
constexpr std::array<std::string_view, 9> kKnownSettings = {
    "sagemaker_program",     "sagemaker_submit_directory", "sagemaker_enable_cloudwatch_metrics",
    "sagemaker_container_log_level", "sagemaker_job_name", "sagemaker_region",
    "sagemaker_s3_output",   "default_user_module_name",   "_tuning_objective_metric"};
constexpr const char* kDefaultModule = "sagemaker_pytorch_container.training:main";
constexpr const char* kOneGroup = "homogeneousCluster";
constexpr const char* kMasterPort = "7777";
constexpr int kCountMax = 4096;

bool is_known_setting(std::string_view name) {
  return std::find(kKnownSettings.begin(), kKnownSettings.end(), name) != kKnownSettings.end();
}

int count_of(const Variables& given, const std::string& name, int otherwise, int min) {
  const std::string text = value_of(given, name, "");
  if (text.empty()) return otherwise;
  int value = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < min ||
      value > kCountMax) {
    throw SystemError(name + " is not a whole number in range: '" + text + "'");
  }
  return value;
}

void take_resources(const json::object& resources, Settings& settings) {
  settings.resources = resources;
  if (const json::array* hosts = find_array(resources, "hosts")) {
    settings.hosts.clear();
    for (const json::value& host : *hosts) {
      if (!host.is_string()) throw SystemError("resourceconfig.json: a host is not a string");
      settings.hosts.push_back(to_std(host.get_string()));
    }
    if (settings.hosts.empty()) throw SystemError("resourceconfig.json: no hosts");
  }
  settings.current_host = find_string(resources, "current_host").value_or(settings.hosts.front());
  settings.network_interface = find_string(resources, "network_interface_name").value_or("eth0");
  if (std::find(settings.hosts.begin(), settings.hosts.end(), settings.current_host) ==
      settings.hosts.end()) {
    throw SystemError("resourceconfig.json: current host " + settings.current_host +
                      " is not among the hosts " + join(settings.hosts, ", "));
  }
}

void take_framework_setting(const std::string& name, const json::value& value,
                            Settings& settings) {
  const std::string text = python_str(value);
  if (name == "sagemaker_program") settings.program = text;
  if (name == "sagemaker_submit_directory") settings.module_dir = text;
  if (name == "sagemaker_job_name") settings.job_name = text;
  if (name == "sagemaker_region") settings.region = text;
  if (name == "sagemaker_container_log_level") {
    settings.log_level =
        count_of({{name, text}}, name, settings.log_level, 0);
  }
  if (!is_known_setting(name)) settings.framework_parameters[name] = value;
}

std::string master_of(const Settings& settings) {
  return *std::min_element(settings.hosts.begin(), settings.hosts.end());
}

json::array to_json(const std::vector<std::string>& texts) {
  json::array list;
  for (const std::string& text : texts) list.emplace_back(text);
  return list;
}

fs::path channel_dir(const Settings& settings, std::string_view name) {
  return settings.base / "input/data" / name;
}

std::string module_name(const Settings& settings) {
  std::string name = settings.program;
  if (name.ends_with(".py")) name.resize(name.size() - 3);
  return name;
}

void add_paths(const Settings& settings, Variables& variables) {
  variables["SM_MODEL_DIR"] = settings.model_dir();
  variables["SM_INPUT_DIR"] = settings.base / "input";
  variables["SM_INPUT_CONFIG_DIR"] = settings.base / "input/config";
  variables["SM_OUTPUT_DIR"] = settings.output_dir();
  variables["SM_OUTPUT_DATA_DIR"] = settings.output_dir() / "data";
  variables["SM_OUTPUT_INTERMEDIATE_DIR"] = settings.output_dir() / "intermediate";
  json::array channels;
  const json::value inputs = sorted(settings.inputs);
  for (const auto& [name, input] : inputs.get_object()) {
    channels.emplace_back(name);
    variables["SM_CHANNEL_" + to_upper(name)] = channel_dir(settings, name);
  }
  variables["SM_CHANNELS"] = python_json(channels);
}

void add_hyperparameters(const Settings& settings, Variables& variables) {
  variables["SM_HPS"] = python_json(settings.hyperparameters);
  variables["SM_USER_ARGS"] = python_json(to_json(arguments_of(settings.hyperparameters)));
  for (const auto& [name, value] : settings.hyperparameters) {
    variables["SM_HP_" + to_upper(name)] = value.is_null()     ? ""
                                           : value.is_string() ? to_std(value.get_string())
                                                               : python_json(value);
  }
}

/// Instance groups (newer toolkits): here every job has one group, unless resourceconfig.json says
/// otherwise.
void add_groups(const Settings& settings, Variables& variables) {
  const json::object& resources = settings.resources;
  const std::string group = find_string(resources, "current_group_name").value_or(kOneGroup);
  const std::string type = find_string(resources, "current_instance_type").value_or("local");
  json::array groups;
  if (const json::array* found = find_array(resources, "instance_groups")) {
    groups = *found;
  } else {
    groups.push_back({{"instance_group_name", group},
                      {"instance_type", type},
                      {"hosts", to_json(settings.hosts)}});
  }
  json::array names;
  json::object by_name;
  json::array hosts = to_json(settings.hosts);
  for (const json::value& entry : groups) {
    if (!entry.is_object()) throw SystemError("resourceconfig.json: a group is not an object");
    const std::string name = find_string(entry.get_object(), "instance_group_name").value_or("");
    names.emplace_back(name);
    by_name[name] = entry;
    const json::array* own = find_array(entry.get_object(), "hosts");
    if (name == group && own != nullptr) hosts = *own;
  }
  const json::value* spread =
      find(settings.framework_parameters, "sagemaker_distribution_instance_groups");
  variables["SM_CURRENT_INSTANCE_TYPE"] = type;
  variables["SM_CURRENT_INSTANCE_GROUP"] = group;
  variables["SM_CURRENT_INSTANCE_GROUP_HOSTS"] = python_json(hosts);
  variables["SM_INSTANCE_GROUPS"] = python_json(names);
  variables["SM_INSTANCE_GROUPS_DICT"] = python_json(by_name);
  variables["SM_DISTRIBUTION_INSTANCE_GROUPS"] = spread ? python_json(*spread) : "[]";
  variables["SM_IS_HETERO"] = groups.size() > 1 ? "true" : "false";
  variables["SM_NUM_NEURONS"] = "0";
}

/// What frameworks read to find one another. A user who sets one of them knows better.
void add_framework_defaults(const Settings& settings, const Variables& given,
                            Variables& variables) {
  const std::pair<const char*, std::string> defaults[] = {
      {"MASTER_ADDR", master_of(settings)},
      {"MASTER_PORT", kMasterPort},
      {"NCCL_SOCKET_IFNAME", settings.network_interface},
      {"NCCL_IB_DISABLE", "1"},
      {"NCCL_DEBUG", "WARN"},
      {"PYTHONUNBUFFERED", "1"},         // a line is in the log once it is printed
      {"PYTHONDONTWRITEBYTECODE", "1"},
      {"OMP_NUM_THREADS", std::to_string(settings.cpus)}};  // the share, not the machine
  for (const auto& [name, value] : defaults) variables[name] = value_of(given, name, value);
}

std::string python_path(const fs::path& code, const Variables& given) {
  const std::string before = value_of(given, "PYTHONPATH", "");
  return code.string() + (before.empty() ? "" : ":" + before);
}

}  // namespace

json::value decode(const std::string& text) {
  auto value = parse_json(text);
  if (!value) return json::value(text);
  // An integer that is too long for 64 bits stays the text that it is.
  if (value->is_double() && text.find_first_of(".eE") == std::string::npos) {
    return json::value(text);
  }
  return *value;
}

Settings read_settings(const Config& config, const Variables& given, const fs::path& base,
                       int cpus_online) {
  Settings settings;
  settings.base = base;
  settings.module_dir = settings.code_dir();
  settings.program = value_of(given, "SAGEMAKER_PROGRAM", "");
  settings.region = value_of(given, "SAGEMAKER_REGION", value_of(given, "AWS_REGION", ""));
  settings.job_name = value_of(given, "TRAINING_JOB_NAME", "");
  settings.framework_module = value_of(given, "SAGEMAKER_TRAINING_MODULE", kDefaultModule);
  take_resources(config.resources, settings);
  settings.inputs = config.inputs;
  for (const auto& [key, value] : config.hyperparameters) {
    const std::string name(key);
    const json::value decoded =
        value.is_string() ? decode(to_std(value.get_string())) : value;
    if (is_known_setting(name) || name.starts_with(kFrameworkPrefix)) {
      take_framework_setting(name, decoded, settings);
    } else {
      settings.hyperparameters[name] = decoded;
    }
  }
  settings.cpus = count_of(given, "SM_NUM_CPUS", std::max(1, cpus_online), 1);
  settings.gpus = count_of(given, "SM_NUM_GPUS", 0, 0);
  return settings;
}

std::vector<std::string> arguments_of(const json::object& hyperparameters) {
  std::vector<std::string> arguments;
  const json::value ordered = sorted(hyperparameters);
  for (const auto& [key, value] : ordered.get_object()) {
    const std::string name(key);
    arguments.push_back((name.size() > 1 ? "--" : name.empty() ? "" : "-") + name);
    std::string text;
    if (const json::object* members = value.if_object()) {
      for (const auto& [member, content] : *members) {
        text += (text.empty() ? "" : ",") + std::string(member) + "=";
        text += content.is_null() ? "None" : python_str(content);
      }
    } else {
      text = python_str(value);
    }
    arguments.push_back(text);
  }
  return arguments;
}

std::vector<std::string> launchers_asked_for(const Settings& settings) {
  std::vector<std::string> found;
  for (const char* name :
       {"sagemaker_mpi_enabled", "sagemaker_parameter_server_enabled",
        "sagemaker_torch_distributed_enabled", "sagemaker_pytorch_ddp_enabled",
        "sagemaker_distributed_dataparallel_enabled"}) {
    const json::value* value = find(settings.framework_parameters, name);
    if (value != nullptr && value->is_bool() && value->get_bool()) found.push_back(name);
  }
  return found;
}

json::object training_env(const Settings& settings) {
  json::object channels;
  for (const auto& [name, input] : settings.inputs) {
    channels[name] = channel_dir(settings, name).string();
  }
  const fs::path output = settings.output_dir();
  return {{"additional_framework_parameters", settings.framework_parameters},
          {"channel_input_dirs", channels},
          {"current_host", settings.current_host},
          {"framework_module", settings.framework_module},
          {"hosts", to_json(settings.hosts)},
          {"hyperparameters", settings.hyperparameters},
          {"input_config_dir", (settings.base / "input/config").string()},
          {"input_data_config", settings.inputs},
          {"input_dir", (settings.base / "input").string()},
          {"is_master", settings.current_host == master_of(settings)},
          {"job_name", settings.job_name},
          {"log_level", settings.log_level},
          {"master_hostname", master_of(settings)},
          {"model_dir", settings.model_dir().string()},
          {"module_dir", settings.module_dir},
          {"module_name", module_name(settings)},
          {"network_interface_name", settings.network_interface},
          {"num_cpus", settings.cpus},
          {"num_gpus", settings.gpus},
          {"output_data_dir", (output / "data").string()},
          {"output_dir", output.string()},
          {"output_intermediate_dir", (output / "intermediate").string()},
          {"resource_config", settings.resources},
          {"user_entry_point", settings.program}};
}

Variables training_variables(const Settings& settings, const Variables& given) {
  Variables variables;
  variables["SM_HOSTS"] = python_json(to_json(settings.hosts));
  variables["SM_CURRENT_HOST"] = settings.current_host;
  variables["SM_NUM_CPUS"] = std::to_string(settings.cpus);
  variables["SM_NUM_GPUS"] = std::to_string(settings.gpus);
  variables["SM_NETWORK_INTERFACE_NAME"] = settings.network_interface;
  variables["SM_USER_ENTRY_POINT"] = settings.program;
  variables["SM_MODULE_NAME"] = module_name(settings);
  variables["SM_MODULE_DIR"] = settings.module_dir;
  variables["SM_LOG_LEVEL"] = std::to_string(settings.log_level);
  variables["SM_FRAMEWORK_MODULE"] = settings.framework_module;
  variables["SM_FRAMEWORK_PARAMS"] = python_json(settings.framework_parameters);
  variables["SM_RESOURCE_CONFIG"] = python_json(settings.resources);
  variables["SM_INPUT_DATA_CONFIG"] = python_json(settings.inputs);
  variables["SM_TRAINING_ENV"] = python_json(training_env(settings));
  add_paths(settings, variables);
  add_hyperparameters(settings, variables);
  add_groups(settings, variables);
  add_framework_defaults(settings, given, variables);
  variables["CURRENT_HOST"] = settings.current_host;
  if (!settings.job_name.empty()) {
    variables["SAGEMAKER_JOB_NAME"] = settings.job_name;
    variables["TRAINING_JOB_NAME"] = value_of(given, "TRAINING_JOB_NAME", settings.job_name);
  }
  if (!settings.region.empty()) variables["SAGEMAKER_REGION"] = settings.region;
  variables["PYTHONPATH"] = python_path(settings.code_dir(), given);
  return variables;
}

Variables serving_variables(const fs::path& base, const Variables& given, int cpus_online) {
  const fs::path model = base / "model";
  const int cpus = count_of(given, "SM_NUM_CPUS", std::max(1, cpus_online), 1);
  return {{"SM_MODEL_DIR", model},
          {"SM_NUM_CPUS", std::to_string(cpus)},
          {"SM_NUM_GPUS", std::to_string(count_of(given, "SM_NUM_GPUS", 0, 0))},
          {"OMP_NUM_THREADS", value_of(given, "OMP_NUM_THREADS", std::to_string(cpus))},
          {"PYTHONPATH", python_path(model / "code", given)}};
}

}  // namespace trainyard::toolkit
