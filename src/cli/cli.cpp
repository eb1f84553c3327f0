#include "cli/cli.hpp"

#include <csignal>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/asl.hpp"
#include "cli/console.hpp"
#include "cli/demo.hpp"
#include "cli/env.hpp"
#include "cli/init.hpp"
#include "cli/notebook.hpp"
#include "cli/paths.hpp"
#include "cli/roles.hpp"
#include "cli/runtimes.hpp"
#include "server/daemon.hpp"

namespace trainyard::cli {
namespace {

constexpr std::chrono::seconds kStopTimeout{150};  // a job has 120 s after its SIGTERM

fs::path data_dir(const std::string& named) {
  return named.empty() ? default_data_dir() : fs::path(named);
}

int serve(const std::string& data, const std::string& listen, server::ServeOptions options,
          const std::vector<std::string>& policies) {
  options.data_dir = data_dir(data);
  const Listen where = parse_listen(listen);
  options.host = where.host;
  options.port = where.port;
  for (const std::string& policy : policies) {
    auto equals = policy.find('=');
    if (equals == std::string::npos) {
      throw SystemError("--managed-policy wants NAME=VERSION, not " + policy);
    }
    options.managed_policies.emplace_back(policy.substr(0, equals), policy.substr(equals + 1));
  }
  return server::run_daemon(options);
}

/// SIGINT to the daemon: agents end too. Waits until it has let go of its folder.
int stop(const std::string& data) {
  fs::path dir = data_dir(data);
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

void add_sdk_option(CLI::App& command, int& sdk, const std::string& which) {
  command.add_option("--sdk", sdk, which + " generation of SageMaker's Python SDK that pip is held "
                     "to: 1, the tutorial's, or 2")
      ->check(CLI::Range(1, 2))->capture_default_str();
}

void add_env_commands(CLI::App& app, std::string& data, EnvOptions& env, int& seconds) {
  auto* command =
      app.add_subcommand("env", "Print shell exports for AWS clients: eval \"$(trainyard env)\"");
  command->add_option("--data", data, "Folder of the daemon's data")->type_name("DIR");
  command->add_option("--role", env.role,
                      "Act as this role, which must trust sagemaker.amazonaws.com, in sessions "
                      "that renew themselves; without it the root keys")->type_name("NAME");
  command->add_flag("--proxy", env.proxy,
                    "Send HTTPS through the daemon: it answers AWS's hosts itself and tunnels all "
                    "others");
  add_sdk_option(*command, env.sdk, "With --proxy: the");

  auto* credentials = app.add_subcommand(
      "credentials", "Print a session of a role as JSON (an AWS credential_process)");
  credentials->add_option("--data", data, "Folder of the daemon's data")->type_name("DIR");
  credentials->add_option("--role", env.role, "The role, which must trust "
                          "sagemaker.amazonaws.com")->type_name("NAME")->required();
  credentials->add_option("--duration", seconds, "Seconds that the session lasts, 900 or more "
                          "(3600)")->check(CLI::PositiveNumber);
}

void add_notebook_command(CLI::App& app, std::string& data, NotebookOptions& options) {
  auto* command = app.add_subcommand(
      "notebook", "Start JupyterLab, or Notebook, acting as a role, with graphs and console links "
                  "that lead here");
  command->add_option("--data", data, "Folder of the daemon's data")->type_name("DIR");
  command->add_option("--role", options.role, "The role, which must trust sagemaker.amazonaws.com")
      ->type_name("NAME")->capture_default_str();
  add_sdk_option(*command, options.sdk, "The");
  command->add_option("--folder", options.folder, "Where the notebooks lie")->type_name("DIR")
      ->capture_default_str();
  command->add_option("--listen", options.listen,
                      "Address; port 0 picks a free one (127.0.0.1:8888, or a free port)")
      ->type_name("HOST:PORT");
  command->add_option("--host", options.hosts, "A further name under which it may be reached");
  command->add_flag("!--no-browser", options.browser, "Open no browser");
}

void add_console_command(CLI::App& app, std::string& data, bool& print_only) {
  auto* command = app.add_subcommand(
      "console", "Open the console in a browser, by a link that logs in once");
  command->add_option("--data", data, "Folder of the daemon's data")->type_name("DIR");
  command->add_flag("--print", print_only, "Print the link and open nothing");
}

/// How the daemon is reached, and what is reached through it.
void add_reach_options(CLI::App& command, server::ServeOptions& options) {
  command.add_option("--host", options.hosts,
                     "A further name under which the console may be reached");
  command.add_option("--pass-through", options.pass_through,
                     "A public bucket, or a host of AWS's, that the proxy leaves to AWS")
      ->type_name("NAME");
  command.add_option("--http-allow", options.http_allow,
                     "Endpoints that workflows may call by http:invoke: "
                     "https://HOST[:PORT][/PATH], * for any characters")
      ->type_name("PATTERN");
}

int parse_and_run(int argc, char** argv) {
  CLI::App app{"Trainyard: SageMaker and Step Functions on your own machine"};
  app.name("trainyard");
  app.require_subcommand(1);
  std::string data, listen = "127.0.0.1:4566", sandbox = "bwrap",
              egress = "internet";
  std::vector<std::string> policies;
  server::ServeOptions serve_options;

  auto* serve_command = app.add_subcommand("serve", "Run the daemon in the foreground");
  serve_command->add_option("--data", data, "Folder of the daemon's data")->type_name("DIR");
  serve_command->add_option("--listen", listen, "Address; port 0 picks a free one")
      ->type_name("HOST:PORT")->capture_default_str();
  serve_command->add_option("--sandbox", sandbox, "How programs are kept apart")
      ->check(CLI::IsMember({"bwrap", "none"}))->capture_default_str();
  serve_command->add_option("--egress", egress,
                            "What jobs and endpoints reach, unless they ask for network isolation")
      ->check(CLI::IsMember({"internet", "none"}))->capture_default_str();
  add_reach_options(*serve_command, serve_options);
  serve_command->add_option("--managed-policy", policies,
                            "The version of one of AWS's managed policies that counts")
      ->type_name("NAME=VERSION");

  auto* stop_command = app.add_subcommand("stop", "Stop the daemon, its jobs and endpoints");
  stop_command->add_option("--data", data, "Folder of the daemon's data")->type_name("DIR");

  auto* init_command = app.add_subcommand(
      "init", "Make the roles that the tutorial's Setup asks for, and say what comes next");
  init_command->add_option("--data", data, "Folder of the daemon's data")->type_name("DIR");

  EnvOptions env;
  int seconds = 0;
  add_env_commands(app, data, env, seconds);

  bool print_only = false;
  add_console_command(app, data, print_only);

  NotebookOptions notebook;
  notebook.role = kSageMakerRole;
  add_notebook_command(app, data, notebook);

  bool quick = false;
  auto* runtimes_command = app.add_subcommand(
      "runtimes", "List what stands for SageMaker's images here, and try it out");
  runtimes_command->add_option("--data", data, "Folder of the daemon's data")->type_name("DIR");
  runtimes_command->add_flag("--quick", quick, "Look packages up without importing them");

  AslOptions asl;
  auto* asl_command = app.add_subcommand(
      "asl", "Check, draw and run state machines' definitions, without a daemon");
  add_asl_options(*asl_command, asl);

  auto* demo_command = app.add_subcommand("demo", "Run a demonstration from end to end");
  DemoOptions demo;
  add_demo_options(*demo_command, demo);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  serve_options.sandbox = sandbox != "none";
  serve_options.egress = egress != "none";
  env.data = *serve_command || *demo_command || *asl_command ? fs::path() : data_dir(data);
  if (*serve_command) return serve(data, listen, serve_options, policies);
  if (*stop_command) return stop(data);
  if (*init_command) return init(fs::absolute(env.data));
  if (app.got_subcommand("env")) return print_env(env);
  if (app.got_subcommand("credentials")) return print_credentials(env.data, env.role, seconds);
  if (app.got_subcommand("console")) return open_console(fs::absolute(env.data), print_only);
  if (app.got_subcommand("notebook")) {
    notebook.data = env.data;
    return run_notebook(notebook);
  }
  if (*runtimes_command) return list_runtimes(env.data, quick);
  if (*asl_command) return run_asl(*asl_command, asl);
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
