#include "cli/jupyter.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/error.hpp"
#include "cli/process.hpp"

extern char** environ;

namespace trainyard::cli {
namespace {

/// Kernels get a few seconds of Jupyter's own to end.
constexpr std::chrono::seconds kStopGrace{15};
/// While it starts it may have a socket and be busy still.
constexpr std::chrono::seconds kAnswerTimeout{2};
constexpr std::size_t kAnswerBytesMax = 64 * 1024;

fs::path socket_in(const TempDir& home) { return home.path() / "jupyter.sock"; }

}  // namespace

JupyterProgram find_jupyter() {
  for (const auto& [name, program] : {std::pair("JupyterLab", "jupyter-lab"),
                                      std::pair("Jupyter Notebook", "jupyter-notebook")}) {
    fs::path file = find_program(program);
    if (!file.empty()) return {name, std::move(file)};
  }
  throw SystemError("there is neither JupyterLab nor Notebook on the PATH: "
                    "`pip install jupyterlab` in the environment of your notebooks brings one");
}

std::vector<std::string> jupyter_command(const JupyterProgram& program, const fs::path& socket,
                                         const fs::path& folder, bool any_host, bool as_root) {
  std::vector<std::string> command{program.file.string(), "--no-browser",
                                   "--sock=" + socket.string(), "--sock-mode=0600"};
  if (as_root) command.push_back("--allow-root");
  if (any_host) {
    // Notebook before 7 has a server of its own.
    for (const char* server : {"ServerApp", "NotebookApp"}) {
      command.push_back(fmt::format("--{}.allow_remote_access=True", server));
    }
  }
  command.push_back(folder.string());
  return command;
}

std::vector<std::string> changed_environment(const EnvChanges& changes,
                                             const std::vector<std::string>& more) {
  std::vector<std::string> lines = more;
  for (const auto& [name, value] : changes.set) lines.push_back(name + "=" + value);
  auto is_changed = [&, ours = lines](std::string_view line) {
    const std::string_view name = line.substr(0, line.find('='));
    return std::find(changes.unset.begin(), changes.unset.end(), name) != changes.unset.end() ||
           std::any_of(ours.begin(), ours.end(), [&](std::string_view own) {
             return own.substr(0, own.find('=')) == name;
           });
  };
  for (char** line = environ; *line != nullptr; ++line) {
    if (!is_changed(*line)) lines.emplace_back(*line);
  }
  return lines;
}

Jupyter::Jupyter(JupyterProgram program, Options options)
    : program_(std::move(program)), options_(std::move(options)) {}

void Jupyter::start() {
  ChildSpec spec;
  spec.arguments = jupyter_command(program_, socket_in(home_), options_.folder, options_.any_host,
                                   ::geteuid() == 0);
  spec.folder = options_.folder;
  spec.log = options_.log;
  spec.environment =
      changed_environment(options_.environment, {"JUPYTER_TOKEN=" + options_.token});
  pid_ = start_child(spec);
  process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!process_) throw_errno("pidfd_open");
}

Jupyter::~Jupyter() { stop(); }

http::Address Jupyter::address() const {
  return http::Address::parse("unix:" + socket_in(home_).string());
}

bool Jupyter::ready() const {
  std::error_code error;
  if (!fs::exists(socket_in(home_), error)) return false;
  try {
    http::Outgoing request;
    request.target = "/api";
    request.headers.set("Authorization", "token " + options_.token);
    http::ClientOptions patience;
    patience.read_timeout = kAnswerTimeout;
    return http::Connection(address(), patience).exchange(request, kAnswerBytesMax).status == 200;
  } catch (const http::TransportError&) {
    return false;  // the socket is there, and nobody listens yet
  }
}

std::optional<int> Jupyter::exit_code() {
  int status = 0;
  if (!exit_code_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return exit_code_;
}

void Jupyter::stop() {
  if (pid_ == 0 || exit_code()) return;
  ::kill(pid_, SIGTERM);
  pollfd entry{process_.get(), POLLIN, 0};
  const auto grace = std::chrono::milliseconds(kStopGrace).count();
  while (::poll(&entry, 1, static_cast<int>(grace)) < 0 && errno == EINTR) {
  }
  if (exit_code()) return;
  ::kill(-pid_, SIGKILL);  // it leads a session, and so a group
  ::waitpid(pid_, nullptr, 0);
  exit_code_ = 128 + SIGKILL;
}

}  // namespace trainyard::cli
