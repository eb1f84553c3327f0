#include "hosting/settings.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/error.hpp"
#include "runtimes/variables.hpp"

namespace trainyard::hosting {
namespace {

constexpr int kWorkersMax = 256;
constexpr int kPortMax = 65'535;
constexpr int kTimeoutSecondsMax = 3'600;

int number_in(const Variables& given, const char* name, int otherwise, int max) {
  const std::string text = value_of(given, name);
  if (text.empty()) return otherwise;
  int number = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc() && end == text.data() + text.size() && number >= 1 && number <= max) {
    return number;
  }
  throw SystemError(
      fmt::format("{} is \"{}\", which is no whole number from 1 to {}", name, text, max));
}

int cpus_of(const Variables& given, int cpus_online) {
  return number_in(given, "SM_NUM_CPUS", std::max(1, cpus_online), 1 << 16);
}

}  // namespace

Settings read_settings(const Variables& given, int cpus_online) {
  Settings settings;
  settings.port = number_in(given, "SAGEMAKER_BIND_TO_PORT", settings.port, kPortMax);
  settings.workers =
      number_in(given, "SAGEMAKER_MODEL_SERVER_WORKERS",
                std::min(kWorkersMax, cpus_of(given, cpus_online)), kWorkersMax);
  settings.timeout = std::chrono::seconds(number_in(
      given, "SAGEMAKER_MODEL_SERVER_TIMEOUT",
      static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(settings.timeout).count()),
      kTimeoutSecondsMax));
  settings.base = value_of(given, "SAGEMAKER_BASE_DIR", settings.base);
  return settings;
}

WorkerCommand python_worker(const Settings& settings, const Variables& given,
                            const fs::path& programs, int cpus_online) {
  WorkerCommand command;
  command.argv = {value_of(given, runtimes::kInterpreterVariable, "python3"), "-u", "-m",
                  "trainyard_worker"};
  command.environment = given;
  const fs::path code = settings.base / "model/code";
  // Behind what the user has: nothing of ours takes the place of a module of theirs.
  std::string& path = command.environment["PYTHONPATH"];
  path += (path.empty() ? "" : ":") + (programs / "python/worker").string();
  const int threads = std::max(1, cpus_of(given, cpus_online) / settings.workers);
  command.environment.emplace("OMP_NUM_THREADS", std::to_string(threads));
  std::error_code missing;
  command.folder = fs::is_directory(code, missing) ? code : settings.base / "model";
  return command;
}

}  // namespace trainyard::hosting
