#include "cli/cli.hpp"

#include <csignal>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/demo.hpp"
#include "cli/paths.hpp"
#include "cli/runtimes.hpp"
#include "server/daemon.hpp"

namespace trainyard::cli {
namespace {

constexpr std::chrono::seconds kStopTimeout{150};  // a job has 120 s after its SIGTERM

int serve(const std::string& data, const std::string& listen, const std::string& sandbox,
          const std::vector<std::string>& hosts) {
  server::ServeOptions options;
  options.data_dir = data.empty() ? default_data_dir() : fs::path(data);
  auto colon = listen.rfind(':');
  if (colon == std::string::npos) throw SystemError("--listen wants HOST:PORT, not " + listen);
  options.host = listen.substr(0, colon);
  char* end = nullptr;
  options.port = static_cast<int>(std::strtol(listen.c_str() + colon + 1, &end, 10));
  if (*end != '\0' || options.port < 0 || options.port > 65535 || colon + 1 == listen.size()) {
    throw SystemError("--listen wants HOST:PORT, not " + listen);
  }
  options.sandbox = sandbox != "none";
  options.hosts = hosts;
  return server::run_daemon(options);
}

/// SIGINT to the daemon: agents end too. Waits until it has let go of its folder.
int stop(const std::string& data) {
  fs::path dir = data.empty() ? default_data_dir() : fs::path(data);
  int pid = running_pid(dir);
  if (pid == 0) {
    std::printf("no daemon runs on %s\n", dir.c_str());
    return 0;
  }
  if (::kill(pid, SIGINT) != 0) throw_errno("cannot stop process " + std::to_string(pid));
  SystemClock clock;
  Time deadline = clock.now() + kStopTimeout;
  while (running_pid(dir) != 0) {
    if (clock.now() > deadline) throw SystemError("the daemon is still stopping its jobs");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::printf("stopped\n");
  return 0;
}

std::string shell_quote(const std::string& text) {
  return "'" + replace_all(text, "'", "'\\''") + "'";
}

int env(const std::string& data) {
  fs::path dir = data.empty() ? default_data_dir() : fs::path(data);
  std::string endpoint = running_endpoint(dir);
  if (endpoint.empty()) {
    throw SystemError("no daemon runs on " + dir.string() + ": run `trainyard serve`");
  }
  RootKeys keys = read_root_keys(dir);
  const std::pair<const char*, std::string> exports[] = {
      {"AWS_ENDPOINT_URL", endpoint},
      {"AWS_REGION", "us-east-1"},
      {"AWS_DEFAULT_REGION", "us-east-1"},
      {"AWS_ACCESS_KEY_ID", keys.access_key},
      {"AWS_SECRET_ACCESS_KEY", keys.secret}};
  for (const auto& [name, value] : exports) {
    std::printf("export %s=%s\n", name, shell_quote(value).c_str());
  }
  std::printf("unset AWS_SESSION_TOKEN AWS_PROFILE\n");
  return 0;
}

int parse_and_run(int argc, char** argv) {
  CLI::App app{"Trainyard: SageMaker and Step Functions on your own machine"};
  app.name("trainyard");
  app.require_subcommand(1);
  std::string data, listen = "127.0.0.1:4566", sandbox = "bwrap";
  std::vector<std::string> hosts;

  auto* serve_command = app.add_subcommand("serve", "Run the daemon in the foreground");
  serve_command->add_option("--data", data, "Folder of the daemon's data")->type_name("DIR");
  serve_command->add_option("--listen", listen, "Address; port 0 picks a free one")
      ->type_name("HOST:PORT")->capture_default_str();
  serve_command->add_option("--sandbox", sandbox, "How programs are kept apart")
      ->check(CLI::IsMember({"bwrap", "none"}))->capture_default_str();
  serve_command->add_option("--host", hosts,
                            "A further name under which the console may be reached");

  auto* stop_command = app.add_subcommand("stop", "Stop the daemon, its jobs and endpoints");
  stop_command->add_option("--data", data, "Folder of the daemon's data")->type_name("DIR");

  auto* env_command =
      app.add_subcommand("env", "Print shell exports for AWS clients: eval \"$(…)\"");
  env_command->add_option("--data", data, "Folder of the daemon's data")->type_name("DIR");

  bool quick = false;
  auto* runtimes_command = app.add_subcommand(
      "runtimes", "List what stands for SageMaker's images here, and try it out");
  runtimes_command->add_option("--data", data, "Folder of the daemon's data")->type_name("DIR");
  runtimes_command->add_flag("--quick", quick, "Look packages up without importing them");

  auto* demo_command = app.add_subcommand("demo", "Run a demonstration from end to end");
  DemoOptions demo;
  add_demo_options(*demo_command, demo);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (*serve_command) return serve(data, listen, sandbox, hosts);
  if (*stop_command) return stop(data);
  if (*env_command) return env(data);
  if (*runtimes_command) {
    return list_runtimes(data.empty() ? default_data_dir() : fs::path(data), quick);
  }
  return run_demo(demo);
}

}  // namespace

int run(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const ApiError& error) {
    std::fprintf(stderr, "trainyard: %s: %s\n", error.code().c_str(), error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "trainyard: %s\n", error.what());
  }
  return 1;
}

}  // namespace trainyard::cli
