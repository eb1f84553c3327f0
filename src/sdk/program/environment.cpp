#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <unistd.h>

#include "base/json.hpp"
#include "base/text.hpp"
#include "sdk/program/program.hpp"

namespace trainyard {
namespace {

std::optional<std::string> of_process(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

fs::path base_of_process() { return of_process("SAGEMAKER_BASE_DIR").value_or("/opt/ml"); }

fs::path output_dir_of(const Variables& variables, const fs::path& base) {
  return variables("SM_OUTPUT_DIR").value_or(base / "output");
}

/// A hyperparameter's value is JSON where it can be: "\"gloo\"" is gloo, 6 stays 6.
std::string decoded(const std::string& text) {
  auto value = parse_json(text);
  return value && value->is_string() ? to_std(value->get_string()) : text;
}

bool is_framework_setting(const std::string& name) {
  return name.rfind("sagemaker_", 0) == 0 || name == "_tuning_objective_metric";
}

class Reader {
 public:
  Reader(const Variables& variables, const fs::path& base) : variables_(variables), base_(base) {}

  Environment read() {
    read_folders();
    read_hosts();
    read_channels();
    read_hyperparameters();
    environment_.job_name =
        first({"SAGEMAKER_JOB_NAME", "TRAINING_JOB_NAME"}).value_or("");
    environment_.master_host = variables_("MASTER_ADDR").value_or(environment_.hosts.front());
    environment_.master_port = number("MASTER_PORT", environment_.master_port, 1, 65535);
    long online = ::sysconf(_SC_NPROCESSORS_ONLN);
    environment_.cpus =
        number("SM_NUM_CPUS", std::max(1, static_cast<int>(online)), 1, 4096);
    environment_.gpus = number("SM_NUM_GPUS", 0, 0, 4096);
    return std::move(environment_);
  }

 private:
  std::optional<std::string> first(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (auto value = variables_(name)) return value;
    }
    return std::nullopt;
  }

  int number(const char* name, int otherwise, int min, int max) {
    auto text = variables_(name);
    if (!text) return otherwise;
    int value = 0;
    auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (failure != std::errc() || end != text->data() + text->size() || value < min ||
        value > max) {
      throw SystemError(std::string(name) + " is not a whole number in range: '" + *text + "'");
    }
    return value;
  }

  json::object object_of(const std::string& text, const std::string& what) {
    std::string error;
    auto value = parse_json(text, &error);
    if (!value || !value->is_object()) throw SystemError(what + " is not a JSON object");
    return value->get_object();
  }

  json::object config(const char* file) {
    fs::path path = base_ / "input/config" / file;
    auto text = read_file_if_exists(path);
    return text ? object_of(*text, path.string()) : json::object();
  }

  void read_folders() {
    environment_.model_dir = variables_("SM_MODEL_DIR").value_or(base_ / "model");
    environment_.output_dir = output_dir_of(variables_, base_);
    environment_.output_data_dir =
        variables_("SM_OUTPUT_DATA_DIR").value_or(environment_.output_dir / "data");
  }

  void take_hosts(const json::array& hosts) {
    environment_.hosts.clear();
    for (const json::value& host : hosts) {
      if (!host.is_string()) throw SystemError("a host's name is not a string");
      environment_.hosts.push_back(to_std(host.get_string()));
    }
    if (environment_.hosts.empty()) throw SystemError("the list of hosts is empty");
  }

  void read_hosts() {
    if (auto text = variables_("SM_HOSTS")) {
      auto value = parse_json(*text);
      if (!value || !value->is_array()) throw SystemError("SM_HOSTS is not a JSON list");
      take_hosts(value->get_array());
      environment_.current_host =
          variables_("SM_CURRENT_HOST").value_or(environment_.hosts.front());
      environment_.network_interface = variables_("SM_NETWORK_INTERFACE_NAME").value_or("");
      return;
    }
    json::object resources = config("resourceconfig.json");
    if (const json::array* hosts = find_array(resources, "hosts")) take_hosts(*hosts);
    environment_.current_host =
        find_string(resources, "current_host").value_or(environment_.hosts.front());
    environment_.network_interface =
        find_string(resources, "network_interface_name").value_or("");
  }

  void read_channels() {
    std::vector<std::string> names;
    if (auto text = variables_("SM_CHANNELS")) {
      auto value = parse_json(*text);
      if (!value || !value->is_array()) throw SystemError("SM_CHANNELS is not a JSON list");
      for (const json::value& name : value->get_array()) {
        if (name.is_string()) names.push_back(to_std(name.get_string()));
      }
    } else {
      for (const auto& member : config("inputdataconfig.json")) names.emplace_back(member.key());
    }
    for (const std::string& name : names) {
      environment_.channels[name] =
          variables_("SM_CHANNEL_" + to_upper(name)).value_or(base_ / "input/data" / name);
    }
  }

  void read_hyperparameters() {
    auto text = variables_("SM_HPS");
    json::object values = text ? object_of(*text, "SM_HPS") : config("hyperparameters.json");
    for (const auto& member : values) {
      std::string name(member.key());
      if (is_framework_setting(name)) continue;
      environment_.hyperparameters[name] = member.value().is_string()
                                               ? decoded(to_std(member.value().get_string()))
                                               : dump(member.value());
    }
  }

  const Variables& variables_;
  fs::path base_;
  Environment environment_;
};

}  // namespace

int Environment::rank() const {
  auto found = std::find(hosts.begin(), hosts.end(), current_host);
  if (found == hosts.end()) {
    throw SystemError("current host " + current_host + " is not among the hosts " +
                      join(hosts, ", "));
  }
  return static_cast<int>(found - hosts.begin());
}

const fs::path& Environment::channel(const std::string& name) const {
  auto found = channels.find(name);
  if (found != channels.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, path] : channels) names.push_back(known);
  throw SystemError("no channel " + name + ": the job has " +
                    (names.empty() ? "none" : join(names, ", ")));
}

Environment read_environment() { return read_environment(of_process, base_of_process()); }

fs::path read_output_dir() { return output_dir_of(of_process, base_of_process()); }

Environment read_environment(const Variables& variables, const fs::path& base) {
  return Reader(variables, base).read();
}

}  // namespace trainyard
