#include "base/command.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

extern char** environ;

namespace trainyard {
namespace {

constexpr std::size_t kOutputBytesMax = 1 << 20;
constexpr int kSignalBase = 128;

/// Takes any amount without anybody who reads meanwhile.
Fd output_file() {
  Fd file(::memfd_create("output", MFD_CLOEXEC));
  if (!file) throw_errno("cannot make a memory file");
  return file;
}

std::string content(const Fd& file) {
  std::string text(kOutputBytesMax, '\0');
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  if (size < 0) throw_errno("cannot read a program's output");
  text.resize(static_cast<std::size_t>(size));
  return text;
}

class Actions {
 public:
  Actions(int out, int err) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, out, 1);
    ::posix_spawn_file_actions_adddup2(&actions_, err, 2);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  }
  ~Actions() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  pid_t spawn(const std::vector<std::string>& words) {
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    pid_t child = -1;
    const int error = ::posix_spawnp(&child, argv[0], &actions_, &attributes_, argv.data(),
                                     environ);
    if (error != 0) throw SystemError(std::strerror(error));
    return child;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

/// Until the child ends or `cancel` is readable.
void await(pid_t child, int cancel) {
  Fd process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  pollfd entries[2] = {{process.get(), POLLIN, 0}, {cancel, POLLIN, 0}};
  while (process && ::poll(entries, 2, -1) < 0 && errno == EINTR) {
  }
  if (cancel >= 0 && entries[1].revents != 0) ::kill(-child, SIGKILL);
}

}  // namespace

Finished run_command(const std::vector<std::string>& words, int cancel) {
  const Fd out = output_file(), err = output_file();
  const pid_t child = Actions(out.get(), err.get()).spawn(words);
  await(child, cancel);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw_errno("cannot wait for " + words[0]);
  }
  return {WIFEXITED(status) ? WEXITSTATUS(status) : kSignalBase + WTERMSIG(status), content(out),
          content(err)};
}

std::string last_line(const std::string& text) {
  std::string last;
  for (const std::string& line : split(text, '\n')) {
    if (!trim(line).empty()) last = std::string(trim(line));
  }
  return last;
}

}  // namespace trainyard
