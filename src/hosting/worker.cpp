#include "hosting/worker.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace trainyard::hosting {
namespace {

/// Out of the way of kWorkerSocket.
constexpr int kSpareDescriptor = 10;

fs::path find_program(const std::string& name, const Variables& environment) {
  if (name.find('/') != std::string::npos) return name;
  auto path = environment.find("PATH");
  const std::string folders = path == environment.end() ? "" : path->second;
  for (const std::string& folder : split(folders, ':')) {
    const fs::path file = fs::path(folder) / name;
    if (!folder.empty() && ::access(file.c_str(), X_OK) == 0) return file;
  }
  throw SystemError(fmt::format("there is no program {} on the PATH ({})", name, folders));
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct Launch {
  const char* file;
  char** argv;
  char** environment;
  const char* folder;
  int socket, report;
  pid_t parent;

  /// Between fork and exec: only system calls.
  [[noreturn]] void run() const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    ::signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (::dup2(socket, kWorkerSocket) >= 0 && ::chdir(folder) == 0) {
      ::execve(file, argv, environment);
    }
    const int error = errno;
    [[maybe_unused]] auto told = ::write(report, &error, sizeof error);
    ::_exit(127);
  }
};

}  // namespace

void Worker::signal(int number) const {
  ::syscall(SYS_pidfd_send_signal, process.get(), number, nullptr, 0);
}

std::string Worker::name() const { return fmt::format("worker {} (process {})", number, pid); }

std::shared_ptr<Worker> start_worker(const WorkerCommand& command, int number) {
  int pair[2], report[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) throw_errno("socketpair");
  auto worker = std::make_shared<Worker>();
  worker->number = number;
  worker->socket = Fd(pair[0]);
  const Fd given(pair[1]);
  if (::pipe2(report, O_CLOEXEC) != 0) throw_errno("pipe");
  const Fd report_in(report[0]);
  Fd report_out(report[1]);
  const Fd theirs(::fcntl(given.get(), F_DUPFD_CLOEXEC, kSpareDescriptor));
  Fd telling(::fcntl(report_out.get(), F_DUPFD_CLOEXEC, kSpareDescriptor));
  if (!theirs || !telling) throw_errno("cannot move a descriptor");

  const std::string file = find_program(command.argv.at(0), command.environment);
  std::vector<std::string> words = command.argv, lines;
  for (const auto& [name, value] : command.environment) lines.push_back(name + "=" + value);
  std::vector<char*> argv = pointers_to(words), environment = pointers_to(lines);
  const std::string folder = command.folder.string();
  const Launch launch{file.c_str(), argv.data(), environment.data(), folder.c_str(),
                      theirs.get(), telling.get(), ::getpid()};
  worker->pid = ::_Fork();
  if (worker->pid < 0) throw_errno("fork");
  if (worker->pid == 0) launch.run();
  worker->process = Fd(static_cast<int>(::syscall(SYS_pidfd_open, worker->pid, 0)));
  if (!worker->process) throw_errno("cannot watch a worker");
  report_out.reset();
  telling.reset();
  int error = 0;
  ssize_t got;
  while ((got = ::read(report_in.get(), &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (got == sizeof error) {
    ::waitpid(worker->pid, nullptr, 0);
    throw SystemError(fmt::format("cannot run {} in {}: {}", file, folder, std::strerror(error)));
  }
  return worker;
}

std::string ending_text(int status) {
  if (WIFEXITED(status)) return fmt::format("exit code {}", WEXITSTATUS(status));
  return fmt::format("signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
}

}  // namespace trainyard::hosting
