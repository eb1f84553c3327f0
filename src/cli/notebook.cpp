#include "cli/notebook.hpp"

#include <csignal>
#include <cstdlib>

#include <poll.h>
#include <sys/signalfd.h>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "cli/browser.hpp"
#include "cli/env.hpp"
#include "cli/jupyter.hpp"
#include "cli/paths.hpp"
#include "cli/process.hpp"
#include "cli/screen.hpp"
#include "http/hosts.hpp"
#include "notebook/door_server.hpp"

namespace trainyard::cli {
namespace {

constexpr const char* kHostDefault = "127.0.0.1";
constexpr int kPortDefault = 8888;  // Jupyter's own
constexpr int kTokenDigits = 48;    // as many as Jupyter's
constexpr std::chrono::seconds kStartTimeout{120};
constexpr int kLookEvery = 50;  // milliseconds, while it starts

/// Ctrl-C and its kin as a descriptor. Called before the first thread starts.
Fd stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  Fd fd(::signalfd(-1, &signals, SFD_CLOEXEC));
  if (!fd) throw_errno("signalfd");
  return fd;
}

enum class Ended { no, stopped, jupyter };

/// Waits up to `timeout` milliseconds (-1: for ever).
Ended wait_for_end(int signals, const Jupyter& jupyter, int timeout) {
  pollfd entries[] = {{signals, POLLIN, 0}, {jupyter.ended(), POLLIN, 0}};
  while (::poll(entries, 2, timeout) < 0 && errno == EINTR) {
  }
  if (entries[0].revents != 0) return Ended::stopped;
  return entries[1].revents != 0 ? Ended::jupyter : Ended::no;
}

[[noreturn]] void throw_ended(const std::string& name, int code, const fs::path& log) {
  throw SystemError(fmt::format("{} ended with code {}: {} (its log is {})", name, code,
                                last_line(read_file_if_exists(log).value_or("")), log.string()));
}

client::Config daemon_as(const EnvFacts& facts, std::shared_ptr<Clock> clock) {
  client::Config config;
  config.endpoint_url = facts.endpoint;
  config.credentials = client::renewed_credentials(
      [data = facts.data, role = facts.role] {
        return client::parse_issued(role_session(data, role, 0), "the daemon");
      },
      std::move(clock));
  return config;
}

EnvFacts facts_of(const NotebookOptions& options) {
  try {
    return prepare_env(
        {.data = options.data, .role = options.role, .proxy = true, .sdk = options.sdk});
  } catch (const ApiError& error) {
    if (error.code() != "NoSuchEntity") throw;
    throw SystemError(error.message() + " `trainyard init` makes the tutorial's roles.");
  }
}

/// Without a port of the user's: Jupyter's usual one, or any other when that is taken.
std::unique_ptr<notebook::DoorServer> open_door(const notebook::DoorOptions& options,
                                                const std::string& listen) {
  if (!listen.empty()) {
    const Listen where = parse_listen(listen);
    return std::make_unique<notebook::DoorServer>(options, where.host, where.port);
  }
  try {
    return std::make_unique<notebook::DoorServer>(options, kHostDefault, kPortDefault);
  } catch (const SystemError&) {
    return std::make_unique<notebook::DoorServer>(options, kHostDefault, 0);
  }
}

/// The address to open, without the token. A host that stands for all of the machine's is no name.
std::string url_of(const NotebookOptions& options, int port) {
  http::Address address;
  address.host = options.listen.empty() ? kHostDefault : parse_listen(options.listen).host;
  if (!options.hosts.empty()) address.host = options.hosts.front();
  if (address.host == "0.0.0.0" || address.host == "::") address.host = kHostDefault;
  address.port = port;
  return "http://" + address.host_header() + "/";
}

/// False when it was stopped before it was there.
bool wait_until_ready(Jupyter& jupyter, const std::string& name, int signals, const fs::path& log) {
  SystemClock clock;
  const Time deadline = clock.now() + kStartTimeout;
  while (!jupyter.ready()) {
    const Ended ended = wait_for_end(signals, jupyter, kLookEvery);
    if (ended == Ended::stopped) return false;
    if (ended == Ended::jupyter) throw_ended(name, jupyter.exit_code().value_or(-1), log);
    if (clock.now() > deadline) {
      throw SystemError(fmt::format("{} does not answer; its log is {}", name, log.string()));
    }
  }
  return true;
}

void say_hello(Screen& screen, const std::string& name, const fs::path& folder,
               const EnvFacts& facts, const std::string& link, const fs::path& log,
               bool exposed) {
  screen.settle();
  screen.say(fmt::format("{:<11}{}", name == "JupyterLab" ? name : "Notebook", folder.string()));
  screen.say(fmt::format("acts as    {} (its sessions renew themselves)", facts.role));
  screen.say(fmt::format("daemon     {}", facts.endpoint));
  screen.say(fmt::format("log        {}", log.string()));
  screen.say(fmt::format("\nOpen       {}\n", link));
  if (exposed) {
    screen.say("Other machines can reach it, and nothing is encrypted: whoever has the link can "
               "run programs as you.");
  }
  screen.say("Ctrl-C ends it.");
}

}  // namespace

int run_notebook(const NotebookOptions& options) {
  std::error_code error;
  const fs::path folder = fs::canonical(options.folder, error);
  if (error || !fs::is_directory(folder)) {
    throw SystemError(options.folder.string() + " is no folder");
  }
  const JupyterProgram program = find_jupyter();
  const EnvFacts facts = facts_of(options);
  const Fd signals = stop_signals();
  const fs::path log = facts.data / "notebook.log";
  Screen screen(stdout);
  SystemRandom random;
  auto clock = std::make_shared<SystemClock>();

  const std::string token = random.hex(kTokenDigits);
  notebook::DoorOptions door_options;
  door_options.jupyter_token = random.hex(kTokenDigits);
  door_options.page = notebook::presigned_pages(daemon_as(facts, clock), *clock);
  door_options.access = notebook::fixed_access(token, random.hex(kTokenDigits), options.hosts);
  door_options.access.hint = "Open the link that `trainyard notebook` printed.";
  const bool loopback =
      options.listen.empty() || http::is_loopback(parse_listen(options.listen).host);

  Jupyter jupyter(program, {.folder = folder,
                            .log = log,
                            .environment = env_changes(facts),
                            .token = door_options.jupyter_token,
                            .any_host = !loopback || !options.hosts.empty()});
  door_options.jupyter = [address = jupyter.address()] {
    return http::Connection(address, notebook::to_jupyter());
  };
  const auto door = open_door(door_options, options.listen);
  screen.show(fmt::format("starting {} …", program.name));
  jupyter.start();
  if (!wait_until_ready(jupyter, program.name, signals.get(), log)) return 0;
  const std::string link = url_of(options, door->port()) + "?token=" + token;
  say_hello(screen, program.name, folder, facts, link, log, !loopback);
  const TempDir pages;
  if (options.browser) open_browser(link, pages.path() / "open.html", log);

  const Ended ended = wait_for_end(signals.get(), jupyter, -1);
  door->stop();
  if (ended == Ended::stopped) {
    screen.show(fmt::format("{} saves and ends …", program.name));
    jupyter.stop();
  }
  const int code = jupyter.exit_code().value_or(-1);
  if (ended == Ended::jupyter && code != 0) throw_ended(program.name, code, log);
  screen.settle();
  screen.say(fmt::format("{} has ended.", program.name));
  return 0;
}

}  // namespace trainyard::cli
