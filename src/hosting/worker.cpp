#include "hosting/worker.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <endian.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace trainyard::hosting {
namespace {

/// Out of the way of the worker's own.
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
  int socket, requests, page, report;
  pid_t parent;

  [[noreturn]] void run() const {
    constexpr uint64_t kNoSignals = 0;      // the kernel's sigset_t
    constexpr uint64_t kDefaultAction[4]{};  // the kernel's struct sigaction, SIG_DFL
    bare(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (bare(SYS_getppid) != parent) end_child(127);
    bare(SYS_rt_sigaction, SIGPIPE, kDefaultAction, nullptr, sizeof kNoSignals);
    bare(SYS_rt_sigprocmask, SIG_SETMASK, &kNoSignals, nullptr, sizeof kNoSignals);
    if (bare(SYS_dup3, socket, kWorkerSocket, 0) >= 0 &&
        bare(SYS_dup3, requests, kRequestsSocket, 0) >= 0 &&
        bare(SYS_dup3, page, kWorkerPage, 0) >= 0 && bare(SYS_chdir, folder) == 0) {
      bare(SYS_execve, file, argv, environment);
    }
    const int error = errno;
    bare(SYS_write, report, &error, sizeof error);
    end_child(127);
  }
};

}  // namespace

void Worker::signal(int number) const {
  ::syscall(SYS_pidfd_send_signal, process.get(), number, nullptr, 0);
}

std::string Worker::name() const { return fmt::format("worker {} (process {})", number, pid); }

Page::Page() : file_(::memfd_create("worker", MFD_CLOEXEC)) {
  if (!file_ || ::ftruncate(file_.get(), sizeof(Doing)) != 0) throw_errno("a worker's page");
  void* memory =
      ::mmap(nullptr, sizeof(Doing), PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (memory == MAP_FAILED) throw_errno("a worker's page");
  doing_ = static_cast<volatile Doing*>(memory);
}

Page::~Page() { ::munmap(const_cast<Doing*>(doing_), sizeof(Doing)); }

uint64_t Page::request() const { return be64toh(doing_->request); }
int64_t Page::begun() const { return doing_->begun; }
void Page::tell_to_leave() { doing_->leave = 1; }

std::shared_ptr<Worker> start_worker(const WorkerCommand& command, int number, int requests) {
  int pair[2], report[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) throw_errno("socketpair");
  auto worker = std::make_shared<Worker>();
  worker->number = number;
  worker->socket = Fd(pair[0]);
  const Fd given(pair[1]);
  if (::pipe2(report, O_CLOEXEC) != 0) throw_errno("pipe");
  const Fd report_in(report[0]);
  Fd report_out(report[1]);
  auto aside = [](int fd) {
    Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, kSpareDescriptor));
    if (!copy) throw_errno("cannot move a descriptor");
    return copy;
  };
  const Fd theirs = aside(given.get()), shared = aside(requests), page = aside(worker->page.fd());
  Fd telling = aside(report_out.get());

  const std::string file = find_program(command.argv.at(0), command.environment);
  std::vector<std::string> words = command.argv, lines;
  for (const auto& [name, value] : command.environment) lines.push_back(name + "=" + value);
  std::vector<char*> argv = pointers_to(words), environment = pointers_to(lines);
  const std::string folder = command.folder.string();
  const Launch launch{file.c_str(), argv.data(), environment.data(), folder.c_str(),
                      theirs.get(), shared.get(), page.get(), telling.get(), ::getpid()};
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
