#include <csignal>
#include <cstdio>
#include <iostream>

#include <pthread.h>
#include <unistd.h>

#include "base/log.hpp"
#include "sdk/program/program.hpp"
#include "sdk/program/serve.hpp"

namespace trainyard {
namespace {

int env_integer(const char* name, int otherwise, int min, int max) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') return otherwise;
  return static_cast<int>(Arguments({}, {{name, text}}).integer(name, otherwise, min, max));
}

void leave_failure(const fs::path& output_dir, const std::string& why) {
  try {
    fs::create_directories(output_dir);
    write_file_atomically(output_dir / "failure", why);
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
  }
}

int train(const Program& program, const std::vector<std::string>& words) {
  try {
    const Environment environment = read_environment();
    Arguments arguments(words, environment.hyperparameters);
    fs::create_directories(environment.model_dir);
    program.train(environment, arguments);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "training failed: " << error.what() << std::endl;
    leave_failure(read_output_dir(), error.what());
    return 1;
  }
}

}  // namespace

namespace serving {

int serve_until_told(const Program& program, const std::function<void(ServeOptions&)>& adjust) {
  // Blocked before any thread starts, so that only the wait below takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  try {
    Environment environment = read_environment();
    ServeOptions options;
    options.port = env_integer("SAGEMAKER_BIND_TO_PORT", options.port, 0, 65535);
    options.workers = env_integer("SAGEMAKER_MODEL_SERVER_WORKERS",
                                  std::max(1, environment.cpus / 2), 1, 256);
    const char* accept = std::getenv("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT");
    if (accept != nullptr && *accept != '\0') options.default_accept = accept;
    options.model_dir = environment.model_dir;
    if (adjust) adjust(options);
    ModelServer server(program, options);
    std::cout << "Serving on port " << server.port() << std::endl;
    int signal = 0;
    ::sigwait(&signals, &signal);
    server.stop();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "serving failed: " << error.what() << std::endl;
    return 1;
  }
}

}  // namespace serving

int run(int argc, char** argv, Program program) {
  std::vector<std::string> words(argv + 1, argv + argc);
  std::string mode = words.empty() || words[0].rfind("-", 0) == 0 ? "train" : words[0];
  if (!words.empty() && words[0] == mode) words.erase(words.begin());
  if (mode == "train" && program.train) return train(program, words);
  if (mode == "serve" && program.model_fn && program.predict_fn) {
    return serving::serve_until_told(program);
  }
  std::cerr << "usage: " << argv[0] << " [train [--NAME VALUE]... | serve]" << std::endl;
  return 2;
}

}  // namespace trainyard
