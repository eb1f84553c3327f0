// Serves a TorchScript model that came without code: started inside an instance.
#include <csignal>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "sdk/program/serve.hpp"
#include "torch_server/script_model.hpp"

namespace {

/// Becomes another server, in whose place this one was tried.
[[noreturn]] void become(std::vector<std::string> command) {
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  sigset_t none;  // this one had blocked what it waits for
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  ::execv(words[0], words.data());
  trainyard::throw_errno("cannot run " + command[0]);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Serves a TorchScript model without Python");
  std::string model_dir = "/opt/ml/model";
  std::vector<std::string> otherwise;
  app.add_option("--model-dir", model_dir, "The folder that model.tar.gz was unpacked into")
      ->capture_default_str();
  app.add_option("--otherwise", otherwise, "Program and arguments of the server that takes over a "
                                           "model that this one cannot serve");
  CLI11_PARSE(app, argc, argv);

  trainyard::Program program = trainyard::torch_server::program();
  program.model_fn = [&](const trainyard::fs::path& folder) {
    try {
      return trainyard::torch_server::load(folder);
    } catch (const trainyard::torch_server::NotServed& error) {
      if (otherwise.empty()) throw;
      trainyard::log_warning("{}: another server is tried", error.what());
      become(otherwise);
    }
  };
  return trainyard::serving::serve_until_told(
      program, [&](trainyard::serving::ServeOptions& options) {
        options.model_dir = model_dir;
        options.as_inference_toolkit = true;
      });
}
