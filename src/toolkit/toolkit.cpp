#include "toolkit/toolkit.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include <unistd.h>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "runtimes/probe.hpp"
#include "runtimes/variables.hpp"
#include "toolkit/hosts.hpp"
#include "toolkit/interpreter.hpp"
#include "toolkit/notebook.hpp"
#include "toolkit/python.hpp"
#include "toolkit/supervise.hpp"

namespace trainyard::toolkit {
namespace {

constexpr std::chrono::minutes kHostsTimeout{15};  // SageMaker's own
constexpr int kCouldNotRun = 1;
constexpr int kWrongCall = 2;
constexpr int kStopped = 128 + SIGTERM;
constexpr const char* kModelServer = "trainyard-model-server";
constexpr const char* kTorchServer = "trainyard-torch-server";
/// `serve` for a model that the server of TorchScript models leaves to Python.
constexpr const char* kServeWithPython = "serve-with-python";

/// A line as sagemaker-containers logs it: people and their log filters know the form.
void say(const char* level, const std::string& text) {
  SystemClock clock;
  const Time now = clock.now();
  std::cout << fmt::format("{},{:03d} sagemaker-containers {:<8} {}\n",
                           format_utc(now, "%Y-%m-%d %H:%M:%S"), to_millis(now) % 1000, level,
                           text)
            << std::flush;
}

Variables given_variables() {
  Variables variables = own_variables();
  // Modules that scripts import of SageMaker's own containers: before the user's, after the code.
  const std::string shims = own_programs() / "python/shims";
  std::string& path = variables["PYTHONPATH"];
  path = shims + (path.empty() ? "" : ":" + path);
  return variables;
}

json::object read_config(const fs::path& file) {
  const auto text = read_file_if_exists(file);
  if (!text) return {};
  std::string error;
  auto value = parse_json(*text, &error);
  if (!value) throw SystemError(file.string() + " is not JSON: " + error);
  if (!value->is_object()) throw SystemError(file.string() + " is not a JSON object");
  return value->get_object();
}

Config read_configs(const fs::path& base) {
  const fs::path folder = base / "input/config";
  return {.hyperparameters = read_config(folder / "hyperparameters.json"),
          .resources = read_config(folder / "resourceconfig.json"),
          .inputs = read_config(folder / "inputdataconfig.json")};
}

void leave_failure(const fs::path& base, const std::string& text) {
  fs::create_directories(base / "output");
  write_file_atomically(base / "output/failure", text);
}

/// Nobody decides by this file, so that it need not be durable.
void leave_success(const fs::path& base) {
  if (!std::ofstream(base / "output/success")) throw_errno("cannot write output/success");
}

void announce(const Settings& settings, const Variables& variables, const Command& command) {
  say("INFO", "Invoking user script");
  std::string text = "\nTraining Env:\n\n" + python_json_indented(training_env(settings)) +
                     "\n\nEnvironment variables:\n\n";
  for (const auto& [name, value] : variables) text += name + "=" + value + "\n";
  text += "\nInvoking script with the following command:\n\n" + command.text + "\n\n\n";
  std::cout << text << std::flush;
}

void find_hosts(const Settings& settings, const Variables& given) {
  if (settings.hosts.size() < 2 || given.contains("MASTER_ADDR")) return;
  say("INFO", "Block until all host DNS lookups succeed.");
  wait_for_hosts(settings.hosts, kHostsTimeout);
}

/// The program's own words come first; a program that was asked to stop has not failed.
void report_failure(const fs::path& base, const Ending& ending, const Tail& errors,
                    const Command& command) {
  const std::string text = failure_text(ending.exit_code, errors, command.text);
  say("ERROR", "Reporting training FAILURE");
  say("ERROR", text);
  if (!ending.asked_to_stop && !fs::exists(base / "output/failure")) {
    leave_failure(base, text);
  }
}

void tell_runtime(const Variables& given, const std::string& interpreter) {
  const runtimes::Findings found = runtimes::probe(
      interpreter, own_programs(), value_of(given, runtimes::kPackageVariable), false);
  say("INFO", found.python.empty()
                  ? found.problem
                  : substitution(given, interpreter, found.python, found.version));
}

void prepend(Variables& variables, const char* name, const std::vector<fs::path>& folders) {
  std::string& value = variables[name];
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    value = folder->string() + (value.empty() ? "" : ":" + value);
  }
}

/// Installs what the program asks for, and lets `given` name the folders. False when no program is
/// to be started after it; SystemError, in one line, when it cannot be installed.
bool install(const fs::path& base, const Command& program, const Variables& variables,
             Variables& given) {
  const auto installation = installation_for(program, base);
  if (!installation) return true;
  say("INFO", "Installing " + installation->what + " with the following command:\n" +
                  installation->command.text);
  Tail errors(kInstallationErrorBytes);
  const Ending ending = supervise(installation->command, variables, errors);
  if (ending.exit_code != 0) {
    if (ending.asked_to_stop) return false;
    throw SystemError(installation_failure(*installation, errors));
  }
  const auto packages = installed_packages(installation->prefix);
  say("INFO", packages.empty() ? "Nothing had to be installed"
                               : "Installed: " + join(packages, ", "));
  prepend(given, "PYTHONPATH", installed_modules(installation->prefix));
  prepend(given, "PATH", installed_programs(installation->prefix));
  return true;
}

int train_or_throw(const fs::path& base) {
  Variables given = given_variables();
  const Settings settings = read_settings(read_configs(base), given, base, cpus_online());
  for (const fs::path& folder : {settings.model_dir(), settings.output_dir() / "data",
                                 settings.output_dir() / "intermediate"}) {
    fs::create_directories(folder);
  }
  for (const std::string& name : launchers_asked_for(settings)) {
    say("WARNING", name + " asks for a launcher that is not here: the program runs once a host");
  }
  if (settings.gpus == 0) say("INFO", "No GPUs detected (normal if no gpus installed)");
  const Command command =
      find_command(Mode::train, settings.program, {settings.code_dir()},
                   arguments_of(settings.hyperparameters), given);
  if (!command.interpreter.empty()) {
    tell_runtime(given, command.interpreter);
    if (!install(base, command, training_variables(settings, given), given)) return kStopped;
  }
  find_hosts(settings, given);
  Variables variables = training_variables(settings, given);
  if (!command.interpreter.empty()) variables["PATH"] = given["PATH"];
  announce(settings, variables, command);
  Tail errors;
  const Ending ending = supervise(command, variables, errors);
  if (ending.exit_code != 0) {
    report_failure(base, ending, errors, command);
    if (!command.interpreter.empty()) {
      const std::string hint = missing_module(errors, command.interpreter);
      if (!hint.empty()) say("ERROR", hint);
    }
    return ending.exit_code;
  }
  leave_success(base);
  say("INFO", "Reporting training SUCCESS");
  return 0;
}

/// Becomes the model server, whose workers import the user's module.
int serve_with_workers(const fs::path& base, Variables given) {
  Command server{.folder = base / "model/code", .interpreter = find_interpreter(given)};
  tell_runtime(given, server.interpreter);
  auto variables = [&] {
    Variables told = serving_variables(base, given, cpus_online());
    // The server shares the CPUs out among its workers.
    if (!given.contains("OMP_NUM_THREADS")) told.erase("OMP_NUM_THREADS");
    told[runtimes::kInterpreterVariable] = server.interpreter;
    return told;
  };
  if (!install(base, server, variables(), given)) return kStopped;
  if (!fs::is_directory(server.folder)) server.folder = base / "model";
  server.argv = {own_programs() / kModelServer};
  Variables told = variables();
  told["PATH"] = given["PATH"];
  say("INFO", "Starting the model server");
  become(server, told);
}

int serve_with_python(const fs::path& base) { return serve_with_workers(base, given_variables()); }

/// Becomes libtorch's server. It comes back, as `serve-with-python`, with a TorchScript model that
/// it cannot serve.
int serve_without_code(const fs::path& base, const Variables& given) {
  const fs::path server = own_programs() / kTorchServer;
  const fs::path model = base / "model";
  if (!fs::exists(server)) {
    say("WARNING", fmt::format("{} is not installed (it is built where libtorch is): Python "
                               "serves the model", kTorchServer));
    return serve_with_workers(base, given);
  }
  const std::string image = value_of(given, runtimes::kImageVariable, "of no name");
  say("INFO", fmt::format("Image {}: the model comes without code, and libtorch serves it, "
                          "without Python", image.substr(image.rfind('/') + 1)));
  become({.argv = {server, "--model-dir", model, "--otherwise", own_program(), kServeWithPython},
          .folder = model},
         {{"SM_MODEL_DIR", model}});
}

int serve_or_throw(const fs::path& base) {
  const Variables given = given_variables();
  const std::string program = value_of(given, "SAGEMAKER_PROGRAM");
  const fs::path model = base / "model";
  if (is_served_without_code(program, model, given)) return serve_without_code(base, given);
  if (is_served_by_worker(program, model)) return serve_with_workers(base, given);
  const Command command = find_command(Mode::serve, program, {model / "code", model}, {}, given);
  say("INFO", "Starting the model server: " + command.text);
  become(command, serving_variables(base, given, cpus_online()));
}

/// Nothing of ours is on the notebook's PYTHONPATH: neither have SageMaker's notebook instances the
/// modules of its containers.
[[noreturn]] void notebook_or_throw() {
  const Variables given = own_variables();
  const NotebookPlace place = notebook_place(given);
  const std::string interpreter = find_interpreter(given);
  tell_runtime(given, interpreter);
  const NotebookParts parts = prepare_notebook(interpreter, place, given);
  if (!parts.pip) say("WARNING", interpreter + " has no pip (Debian: python3-pip)");
  say("INFO", fmt::format("Starting JupyterLab {} in {}", parts.jupyterlab,
                          place.folder.string()));
  become(jupyter_command(interpreter, place, ::geteuid() == 0),
         jupyter_variables(interpreter, place, given));
}

int could_not_run(const fs::path& base, const std::string& why) {
  say("ERROR", why);
  try {
    leave_failure(base, why);
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
  }
  return kCouldNotRun;
}

/// What `serve` comes to, or the exit status when nothing does.
int served(const fs::path& base, int (*serve)(const fs::path& base)) {
  try {
    return serve(base);
  } catch (const std::exception& error) {
    say("ERROR", error.what());
    return kCouldNotRun;
  }
}

}  // namespace

int train(const fs::path& base) {
  try {
    return train_or_throw(base);
  } catch (const std::exception& error) {
    say("ERROR", "Reporting training FAILURE");
    return could_not_run(base, error.what());
  }
}

int serve(const fs::path& base) { return served(base, serve_or_throw); }

int notebook(const fs::path& base) {
  try {
    notebook_or_throw();
  } catch (const std::exception& error) {
    return could_not_run(base, error.what());
  }
}

int run(int argc, char** argv) {
  const std::string mode = argc == 2 ? argv[1] : "";
  const char* base = std::getenv("SAGEMAKER_BASE_DIR");
  const fs::path folder = base == nullptr || *base == '\0' ? "/opt/ml" : base;
  if (mode == "train") return train(folder);
  if (mode == "serve") return serve(folder);
  if (mode == "notebook") return notebook(folder);
  if (mode == kServeWithPython) return served(folder, serve_with_python);
  std::cerr << "usage: trainyard-toolkit train | serve | notebook" << std::endl;
  return kWrongCall;
}

}  // namespace trainyard::toolkit
