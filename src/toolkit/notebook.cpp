#include "toolkit/notebook.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "runtimes/variables.hpp"

namespace trainyard::toolkit {
namespace {

constexpr const char* kServerPort = "8080";
constexpr const char* kMaker = "python/notebook_env.py";

std::string needed(const Variables& given, const char* name) {
  const std::string value = value_of(given, name);
  if (value.empty()) throw SystemError(fmt::format("The variable {} is not set.", name));
  return value;
}

std::string before(const fs::path& folder, const std::string& others) {
  return folder.string() + (others.empty() ? "" : ":" + others);
}

}  // namespace

NotebookPlace notebook_place(const Variables& given) {
  NotebookPlace place{.home = needed(given, "HOME"),
                      .folder = needed(given, kNotebookFolderVariable),
                      .address = "127.0.0.1",
                      .port = value_of(given, "SAGEMAKER_BIND_TO_PORT")};
  if (!place.port.empty()) return place;
  place.address = "0.0.0.0";
  place.port = kServerPort;
  return place;
}

Command jupyter_command(const std::string& interpreter, const NotebookPlace& place,
                        bool as_root) {
  Command command{.folder = place.home, .interpreter = interpreter};
  command.argv = {interpreter, "-m", "jupyterlab", "--no-browser", "--ip=" + place.address,
                  "--port=" + place.port,
                  "--ServerApp.port_retries=0",  // who asks for it knows no other port
                  "--ServerApp.root_dir=" + place.folder.string(),
                  "--ServerApp.allow_remote_access=True",
                  // What Jupyter runs from is the host's: its manager cannot install there.
                  "--LabApp.extension_manager=readonly"};
  if (as_root) command.argv.push_back("--allow-root");
  return command;
}

Variables jupyter_variables(const std::string& interpreter, const NotebookPlace& place,
                            const Variables& given) {
  const fs::path environment = place.environment();
  std::vector<std::string> path = split(value_of(given, "PATH"), ':');
  const std::string beside = fs::path(interpreter).parent_path();
  if (std::find(path.begin(), path.end(), beside) == path.end()) path.push_back(beside);
  return {{"PATH", before(environment / "bin", join(path, ":"))},
          {"VIRTUAL_ENV", environment},
          {"JUPYTER_CONFIG_DIR", place.home / ".jupyter"},
          {"JUPYTER_DATA_DIR", place.data()},
          // In this order: the kernel in the environment, then what pip installs for Jupyter.
          {"JUPYTER_PATH", before(place.data(), before(environment / "share/jupyter",
                                                       value_of(given, "JUPYTER_PATH")))},
          {"SHELL", value_of(given, "SHELL", "/bin/bash")}};
}

NotebookParts prepare_notebook(const std::string& interpreter, const NotebookPlace& place,
                               const Variables& given) {
  const Finished made = run_command({interpreter, "-I", own_programs() / kMaker, place.home});
  const auto answer = parse_json(last_line(made.out));
  if (made.status != 0 || !answer || !answer->is_object()) {
    throw SystemError(fmt::format("{} cannot make an environment in {}: {}", interpreter,
                                  place.home.string(), last_line(made.err)));
  }
  const json::object& found = answer->get_object();
  const json::value* pip = find(found, "pip");
  const NotebookParts parts{.jupyterlab = find_string(found, "jupyterlab").value_or(""),
                            .pip = pip != nullptr && pip->is_bool() && pip->get_bool()};
  if (parts.jupyterlab.empty()) {
    const std::string image = value_of(given, runtimes::kImageVariable, "of notebook instances");
    throw SystemError(fmt::format(
        "JupyterLab is not installed for {}: `pip install jupyterlab` in an environment of this "
        "host, and name its interpreter in runtimes.toml for the image {}.", interpreter,
        image.substr(image.rfind('/') + 1)));
  }
  return parts;
}

}  // namespace trainyard::toolkit
