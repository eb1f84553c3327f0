#include "toolkit/supervise.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/error.hpp"

namespace trainyard::toolkit {
namespace {

constexpr std::size_t kChunk = 64 * 1024;

struct Environment {
  std::vector<std::string> lines;
  std::vector<char*> pointers;
};

Environment merged(const Variables& variables) {
  Environment merged;
  Variables all = variables;
  all.merge(own_variables());  // which leaves what is there
  for (const auto& [name, value] : all) merged.lines.push_back(name + "=" + value);
  for (std::string& line : merged.lines) merged.pointers.push_back(line.data());
  merged.pointers.push_back(nullptr);
  return merged;
}

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// Only calls that are safe between fork and exec. Returns errno.
int try_exec(const char* folder, char* const* argv, char* const* environment) {
  if (::chdir(folder) != 0) return errno;
  ::execve(argv[0], argv, environment);
  return errno;
}

[[noreturn]] void throw_not_started(const Command& command, int error) {
  throw SystemError(fmt::format("Cannot run {} in {}: {}", command.argv[0],
                                command.folder.string(), std::strerror(error)));
}

std::pair<Fd, Fd> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

sigset_t watched_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCONT}) {
    sigaddset(&signals, signal);
  }
  return signals;
}

class Supervisor {
 public:
  Supervisor(const Command& command, const Variables& variables, Tail& errors)
      : errors_(errors), signals_(watched_signals()) {
    // Orphans of the program become ours, so that they do not stay as zombies for the sandbox.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ::sigprocmask(SIG_BLOCK, &signals_, &before_);
    signal_fd_ = Fd(::signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signal_fd_) throw_errno("signalfd");
    start(command, variables);
  }

  ~Supervisor() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

  Ending run() {
    while (!ended_) {
      pollfd fds[2] = {{signal_fd_.get(), POLLIN, 0}, {stderr_.get(), POLLIN, 0}};
      if (::poll(fds, stderr_ ? 2 : 1, -1) < 0 && errno != EINTR) throw_errno("poll");
      if (stderr_ && fds[1].revents != 0) pass_errors_on();
      if (fds[0].revents != 0) take_signals();
    }
    pass_rest_on();
    return ending_;
  }

 private:
  void start(const Command& command, const Variables& variables) {
    Environment environment = merged(variables);
    const std::vector<char*> argv = pointers_to(command.argv);
    auto [errors_in, errors_out] = make_pipe();
    auto [report_in, report_out] = make_pipe();  // closes at exec, or tells why there was none
    child_ = ::fork();
    if (child_ < 0) throw_errno("fork");
    if (child_ == 0) {
      ::sigprocmask(SIG_SETMASK, &before_, nullptr);
      ::dup2(errors_out.get(), STDERR_FILENO);
      const int error =
          try_exec(command.folder.c_str(), argv.data(), environment.pointers.data());
      [[maybe_unused]] ssize_t told = ::write(report_out.get(), &error, sizeof error);
      ::_exit(127);
    }
    report_out.reset();
    errors_out.reset();
    int error = 0;
    ssize_t got;
    while ((got = ::read(report_in.get(), &error, sizeof error)) < 0 && errno == EINTR) {
    }
    if (got == sizeof error) {
      ::waitpid(child_, nullptr, 0);
      throw_not_started(command, error);
    }
    ::fcntl(errors_in.get(), F_SETFL, O_NONBLOCK);
    stderr_ = std::move(errors_in);
  }

  /// Up to `max` bytes; how many there were.
  std::size_t pass_errors_on(std::size_t max = kChunk) {
    char chunk[kChunk];
    const ssize_t got = ::read(stderr_.get(), chunk, std::min(max, sizeof chunk));
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (got <= 0) {
      stderr_.reset();
      return 0;
    }
    const std::string_view bytes(chunk, static_cast<std::size_t>(got));
    errors_.append(bytes);
    write_all(STDERR_FILENO, bytes, "stderr");
    return bytes.size();
  }

  /// What the program wrote before its end, and no more: what it left running may write for ever.
  void pass_rest_on() {
    int waiting = 0;
    if (!stderr_ || ::ioctl(stderr_.get(), FIONREAD, &waiting) != 0) return;
    for (std::size_t left = static_cast<std::size_t>(waiting), got = 0; stderr_ && left > 0;
         left -= got) {
      if ((got = pass_errors_on(left)) == 0) return;
    }
  }

  void take_signals() {
    signalfd_siginfo info;
    while (::read(signal_fd_.get(), &info, sizeof info) == sizeof info) {
      const int signal = static_cast<int>(info.ssi_signo);
      if (signal == SIGCHLD) {
        reap();
      } else if (!ended_) {
        ending_.asked_to_stop |= signal == SIGTERM || signal == SIGINT;
        ::kill(child_, signal);
      }
    }
  }

  void reap() {
    int status = 0;
    pid_t pid;
    while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
      if (pid != child_) continue;
      ended_ = true;
      ending_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
  }

  Tail& errors_;
  sigset_t signals_;
  sigset_t before_;
  Fd signal_fd_;
  Fd stderr_;
  pid_t child_ = -1;
  bool ended_ = false;
  Ending ending_;
};

}  // namespace

Ending supervise(const Command& command, const Variables& variables, Tail& errors) {
  return Supervisor(command, variables, errors).run();
}

void become(const Command& command, const Variables& variables) {
  Environment environment = merged(variables);
  const std::vector<char*> argv = pointers_to(command.argv);
  throw_not_started(command, try_exec(command.folder.c_str(), argv.data(),
                                      environment.pointers.data()));
}

}  // namespace trainyard::toolkit
