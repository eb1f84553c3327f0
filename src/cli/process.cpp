#include "cli/process.hpp"

#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace trainyard::cli {
namespace {

constexpr std::size_t kFirstLineMax = 4096;

std::vector<char*> to_argv(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  return argv;
}

// Between fork and exec only calls that are safe after a fork in a threaded program.
[[noreturn]] void exec_child(char* const* argv, int in, int out, int err) {
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execvp(argv[0], argv);
  ::_exit(kProgramNotFound);
}

Fd open_or_throw(const fs::path& path, int flags, int mode = 0644) {
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd) throw_errno("cannot open " + path.string());
  return fd;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw_errno("waitpid");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int run_program(const std::vector<std::string>& arguments, const fs::path& folder,
                const fs::path& log) {
  std::vector<char*> argv = to_argv(arguments);
  const Fd nothing = open_or_throw("/dev/null", O_RDONLY);
  const Fd output = open_or_throw(log, O_WRONLY | O_CREAT | O_TRUNC);
  const pid_t child = ::fork();
  if (child < 0) throw_errno("cannot start " + arguments[0]);
  if (child == 0) {
    if (::chdir(folder.c_str()) != 0) ::_exit(kProgramNotFound);
    exec_child(argv.data(), nothing.get(), output.get(), output.get());
  }
  return wait_for(child);
}

int start_detached(const std::vector<std::string>& arguments, const fs::path& log,
                   std::string& first_line) {
  std::vector<char*> argv = to_argv(arguments);
  const Fd nothing = open_or_throw("/dev/null", O_RDONLY);
  const Fd errors = open_or_throw(log, O_WRONLY | O_CREAT | O_APPEND);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
  Fd reading(ends[0]);
  Fd writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) throw_errno("cannot start " + arguments[0]);
  if (child == 0) {
    ::setsid();
    exec_child(argv.data(), nothing.get(), writing.get(), errors.get());
  }
  writing.reset();
  first_line.clear();
  char letter = 0;
  while (first_line.size() < kFirstLineMax) {
    const ssize_t got = ::read(reading.get(), &letter, 1);
    if (got < 0 && errno == EINTR) {
      ::kill(child, SIGINT);  // Ctrl-C: it must not stay behind
      continue;
    }
    if (got <= 0) {
      const int code = wait_for(child);
      throw SystemError(fmt::format("{} ended with code {}: {}", arguments[0], code,
                                    last_line(read_file_if_exists(log).value_or(""))));
    }
    if (letter == '\n') break;
    first_line += letter;
  }
  return child;
}

int start_child(const ChildSpec& spec) {
  std::vector<char*> argv = to_argv(spec.arguments);
  std::vector<char*> environment = to_argv(spec.environment);
  const Fd nothing = open_or_throw("/dev/null", O_RDONLY);
  const Fd output = open_or_throw(spec.log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw_errno("cannot start " + spec.arguments[0]);
  if (child > 0) return child;
  if (spec.ends_with_us) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(kProgramNotFound);
  }
  ::setsid();
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(nothing.get(), STDIN_FILENO);
  ::dup2(output.get(), STDOUT_FILENO);
  ::dup2(output.get(), STDERR_FILENO);
  if (::chdir(spec.folder.c_str()) == 0) ::execve(argv[0], argv.data(), environment.data());
  ::_exit(kProgramNotFound);
}

fs::path find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  for (const std::string& folder : split(path == nullptr ? "" : path, ':')) {
    const fs::path file = fs::path(folder) / name;
    if (!folder.empty() && ::access(file.c_str(), X_OK) == 0) return fs::absolute(file);
  }
  return {};
}

int own_pid() { return ::getpid(); }

}  // namespace trainyard::cli
