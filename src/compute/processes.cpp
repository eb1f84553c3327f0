#include "compute/processes.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace trainyard::compute {
namespace {

/// Far beyond any plan, receipt or record.
constexpr off_t kLeftBytesMax = 4 << 20;
constexpr int kStartTimeField = 22 - 3;  // counted from the state, which follows the name

const std::string& boot_id() {
  static const std::string id = [] {
    auto text = read_file_if_exists("/proc/sys/kernel/random/boot_id");
    return std::string(trim(text.value_or("")));
  }();
  return id;
}

/// The fields of /proc/PID/stat from the state on; the name before may hold anything.
std::vector<std::string> stat_fields(pid_t pid) {
  std::optional<std::string> text;
  try {
    text = read_file_if_exists("/proc/" + std::to_string(pid) + "/stat");
  } catch (const SystemError&) {
    return {};  // it ended between open and read
  }
  if (!text) return {};
  const std::size_t end = text->rfind(") ");
  return end == std::string::npos ? std::vector<std::string>()
                                  : split(std::string_view(*text).substr(end + 2), ' ');
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The user that a process was started by; nullopt when there is none (any more).
std::optional<uid_t> user_of(pid_t pid) {
  std::optional<std::string> text;
  try {
    text = read_file_if_exists("/proc/" + std::to_string(pid) + "/status");
  } catch (const SystemError&) {
    return std::nullopt;  // it ended between open and read
  }
  constexpr std::string_view kLine = "\nUid:\t";
  const std::size_t at = text ? text->find(kLine) : std::string::npos;
  if (at == std::string::npos) return std::nullopt;
  const std::size_t begin = at + kLine.size();
  return number<uid_t>(std::string_view(*text).substr(begin, text->find('\t', begin) - begin));
}

/// Up to `size` bytes; fewer only at the end.
std::size_t read_fully(int fd, void* data, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    ssize_t count = ::read(fd, static_cast<char*>(data) + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno("cannot read a pipe or a file");
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

}  // namespace

std::optional<ProcessRecord> record_of(pid_t pid) {
  auto fields = stat_fields(pid);
  if (fields.size() <= kStartTimeField || fields[0] == "Z" || fields[0] == "X") return std::nullopt;
  auto start = number<uint64_t>(fields[kStartTimeField]);
  if (!start) return std::nullopt;
  return ProcessRecord{pid, *start, boot_id()};
}

void write_record(const fs::path& path, const ProcessRecord& record) {
  write_file_atomically(path,
                        std::to_string(record.pid) + " " + std::to_string(record.start_ticks) +
                            " " + record.boot + "\n",
                        0644, "pid.rename");
}

std::optional<std::string> read_left_file(const fs::path& path) {
  auto refuse = [&](const char* what) {
    log_error("{} is not read: {}", path.string(), what);
    return std::nullopt;
  };
  Fd folder(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  Fd file(folder ? ::openat(folder.get(), path.filename().c_str(),
                            O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
                 : -1);
  if (!file) return errno == ENOENT ? std::nullopt : refuse(std::strerror(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_errno("cannot look at " + path.string());
  if (!S_ISREG(status.st_mode)) return refuse("it is no plain file");
  if (status.st_size > kLeftBytesMax) return refuse("it is too long");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  text.resize(read_fully(file.get(), text.data(), text.size()));
  return text;
}

std::optional<ProcessRecord> read_record(const fs::path& path) {
  auto text = read_left_file(path);
  if (!text) return std::nullopt;
  auto parts = split(trim(*text), ' ');
  if (parts.size() != 3) return std::nullopt;
  auto pid = number<pid_t>(parts[0]);
  auto start = number<uint64_t>(parts[1]);
  if (!pid || *pid <= 1 || !start) return std::nullopt;
  return ProcessRecord{*pid, *start, parts[2]};
}

bool is_alive(const ProcessRecord& record) {
  if (record.boot != boot_id()) return false;
  auto now = record_of(record.pid);
  return now && now->start_ticks == record.start_ticks;
}

bool is_alive(const ProcessRecord& record, uid_t user) {
  // The user first: of a pid that is used again meanwhile, the start time tells.
  return user_of(record.pid) == user && is_alive(record);
}

void reap(const ProcessRecord& record) {
  if (record.boot == boot_id()) ::waitpid(record.pid, nullptr, WNOHANG);
}

bool send_signal(const ProcessRecord& record, int signal, uid_t user) {
  Fd process(static_cast<int>(::syscall(SYS_pidfd_open, record.pid, 0)));
  // The descriptor first, the look after: what is alive now is what the descriptor means.
  if (!process || !is_alive(record, user)) return false;
  if (::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0) return true;
  if (errno == ESRCH) return false;
  throw_errno("cannot signal process " + std::to_string(record.pid));
}

void kill_group(const ProcessRecord& record, uid_t user) {
  // Of the pids 0 and 1 the negative means everybody.
  if (record.pid <= 1 || ::getpgid(record.pid) != record.pid || !is_alive(record, user)) return;
  ::kill(-record.pid, SIGKILL);
}

namespace {

/// A mount namespace with an empty kViewRoot; the step that failed, or null. System calls only.
const char* open_view() {
  if (::unshare(CLONE_NEWNS) != 0) return "unshare(mount namespace)";
  if (::mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return "make-rslave /";
  if (::mount("tmpfs", kViewRoot, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64k") != 0) {
    return "mount tmpfs over /mnt";
  }
  return nullptr;
}

/// What the starting process says of itself over a pipe: its pid, and then perhaps a failed step;
/// only the step when there never was one.
struct Report {
  pid_t pid;
  int error;
  char step[48];  // "" for none
};

/// Runs in the child, between fork and exec: system calls only.
class Starter {
 public:
  Starter(const DaemonSpec& spec, int report) : spec_(spec), report_(report) {
    argv_.push_back(const_cast<char*>(spec.program.c_str()));
    for (const auto& word : spec.arguments) argv_.push_back(const_cast<char*>(word.c_str()));
    argv_.push_back(nullptr);
    for (const auto& line : spec.environment) envp_.push_back(const_cast<char*>(line.c_str()));
    envp_.push_back(nullptr);
    sigemptyset(&blocked_);
    sigaddset(&blocked_, SIGTERM);
    sigaddset(&blocked_, SIGINT);
  }

  /// In the first child: a session of its own, then the process that stays.
  [[noreturn]] void run() {
    if (::setsid() < 0) fail("setsid");
    pid_t pid = ::_Fork();
    if (pid < 0) fail("fork");
    if (pid > 0) end_child(0);
    become();
  }

 private:
  [[noreturn]] void fail(const char* step) {
    Report report{};
    report.error = errno;
    std::strncpy(report.step, step, sizeof report.step - 1);
    [[maybe_unused]] auto written = ::write(report_, &report, sizeof report);
    end_child(127);
  }

  [[noreturn]] void become() {
    Report report{};
    report.pid = ::getpid();
    if (::write(report_, &report, sizeof report) != sizeof report) end_child(127);
    reset_signals();
    set_descriptors();
    if (!spec_.mounts.empty()) set_view();
    if (spec_.owner) set_owner(*spec_.owner);
    ::umask(022);
    if (::chdir("/") != 0) fail("chdir");
    ::execve(spec_.program.c_str(), argv_.data(), envp_.data());
    fail("exec");
  }

  void reset_signals() {
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
    // A request to end that comes early shall wait until the program can take it.
    ::sigprocmask(SIG_SETMASK, &blocked_, nullptr);
  }

  void set_descriptors() {
    int null = ::open("/dev/null", O_RDONLY);
    if (null < 0 || ::dup2(null, 0) < 0) fail("open /dev/null");
    if (::dup2(spec_.log, 1) < 0 || ::dup2(spec_.log, 2) < 0) fail("dup2");
    // Whatever else some part of the daemon may have left open ends here.
    ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    for (int fd : spec_.inherited) {
      if (::fcntl(fd, F_SETFD, 0) != 0) fail("fcntl");
    }
  }

  void set_view() {
    if (const char* step = open_view()) fail(step);
    for (const BindMount& bind : spec_.mounts) {
      if (::mkdir(bind.to.c_str(), 0755) != 0) fail("mkdir below /mnt");
      if (bind.id_map >= 0) {
        mount_mapped(bind);
      } else if (::mount(bind.from.c_str(), bind.to.c_str(), nullptr, MS_BIND, nullptr) != 0) {
        fail("bind mount below /mnt");
      }
    }
  }

  void mount_mapped(const BindMount& bind) {
    const int tree = ::open_tree(AT_FDCWD, bind.from.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0) fail("open_tree");
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_IDMAP | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
                          MOUNT_ATTR_NODEV;
    attributes.userns_fd = static_cast<uint64_t>(bind.id_map);
    // Some file systems have no such mounts.
    if (::mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) {
      fail("show images as another user's");
    }
    if (::move_mount(tree, "", AT_FDCWD, bind.to.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
      fail("move_mount below /mnt");
    }
  }

  void set_owner(const Owner& owner) {
    // Not glibc's functions: they change all threads of a process, and wait for a lock that some
    // thread of the daemon may have held at the fork.
    if (::syscall(SYS_setgroups, 0, nullptr) != 0) fail("setgroups");
    if (::syscall(SYS_setresgid, owner.gid, owner.gid, owner.gid) != 0) fail("setresgid");
    if (::syscall(SYS_setresuid, owner.uid, owner.uid, owner.uid) != 0) fail("setresuid");
  }

  const DaemonSpec& spec_;
  int report_;
  std::vector<char*> argv_, envp_;
  sigset_t blocked_;
};

}  // namespace

Fd make_id_map(const Owner& owner) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("cannot make a pipe");
  Fd read_end(ends[0]), write_end(ends[1]);
  const pid_t child = ::_Fork();
  if (child < 0) throw_errno("cannot fork");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::unshare(CLONE_NEWUSER) == 0 && ::write(write_end.get(), "x", 1) == 1) ::pause();
    end_child(1);
  }
  write_end.reset();
  char made = 0;
  const bool there = read_fully(read_end.get(), &made, 1) == 1;
  const std::string proc = "/proc/" + std::to_string(child);
  Fd map;
  std::string problem = there ? "" : "cannot make a user namespace";
  try {
    for (const auto& [file, id] :
         {std::pair("/uid_map", owner.uid), std::pair("/gid_map", owner.gid)}) {
      if (!there) break;
      Fd out(::open((proc + file).c_str(), O_WRONLY | O_CLOEXEC));
      if (!out) throw_errno("cannot open " + proc + file);
      write_all(out.get(), "0 " + std::to_string(id) + " 1", proc + file);
    }
    map.reset(::open((proc + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  } catch (const SystemError& error) {
    problem = error.what();
  }
  ::kill(child, SIGKILL);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!problem.empty()) throw SystemError(problem);
  if (!map) throw SystemError("cannot open a user namespace");
  return map;
}

bool can_set_view() {
  pid_t child = ::_Fork();
  if (child < 0) throw_errno("cannot fork");
  if (child == 0) end_child(open_view() == nullptr ? 0 : 1);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

pid_t start_daemonised(const DaemonSpec& spec) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("cannot make a pipe");
  Fd read_end(ends[0]), write_end(ends[1]);
  Starter starter(spec, write_end.get());
  pid_t child = ::_Fork();
  if (child < 0) throw_errno("cannot start " + spec.program);
  if (child == 0) starter.run();
  write_end.reset();
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  Report first{}, last{};
  if (read_fully(read_end.get(), &first, sizeof first) != sizeof first) {
    throw SystemError("cannot start " + spec.program + ": the process ended before it began");
  }
  // The pipe closes when the program runs.
  if (first.step[0] == '\0') read_fully(read_end.get(), &last, sizeof last);
  for (const Report& report : {first, last}) {
    if (report.step[0] == '\0') continue;
    throw SystemError("cannot start " + spec.program + ": " + report.step + ": " +
                      std::strerror(report.error));
  }
  return first.pid;
}

namespace {

/// Deeper folders are moved up first: a tree of any depth needs few descriptors and little stack.
constexpr int kRemoveDepthMax = 64;

class TreeRemover {
 public:
  TreeRemover(int top, std::string shown) : top_(top), shown_(std::move(shown)) {}

  void empty(int folder, int depth) {
    for (const std::string& name : names_in(folder)) {
      if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) continue;
      if (errno != EISDIR && errno != EPERM) fail(name);
      if (depth == kRemoveDepthMax) {
        std::string moved = ".deep-" + std::to_string(moved_++);
        if (::renameat(folder, name.c_str(), top_, moved.c_str()) != 0) fail(name);
        continue;
      }
      Fd inner = open_folder(folder, name);
      empty(inner.get(), depth + 1);
      if (::unlinkat(folder, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) fail(name);
    }
  }

 private:
  [[noreturn]] void fail(const std::string& name) {
    throw_errno("cannot remove " + name + " below " + shown_);
  }

  std::vector<std::string> names_in(int folder) {
    Fd copy(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    DIR* stream = copy ? ::fdopendir(copy.get()) : nullptr;
    if (stream == nullptr) fail(".");
    copy.release();
    std::vector<std::string> names;
    while (dirent* entry = ::readdir(stream)) {
      std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(std::move(name));
    }
    ::closedir(stream);
    return names;
  }

  /// A folder that its owner (we are) has closed is opened first.
  Fd open_folder(int parent, const std::string& name) {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    Fd folder(::openat(parent, name.c_str(), kFlags));
    if (!folder && errno == EACCES && ::fchmodat(parent, name.c_str(), 0700, 0) == 0) {
      folder.reset(::openat(parent, name.c_str(), kFlags));
    }
    if (!folder || ::fchmod(folder.get(), 0700) != 0) fail(name);
    return folder;
  }

  int top_;
  std::string shown_;
  uint64_t moved_ = 0;
};

}  // namespace

void remove_tree(const fs::path& path) {
  Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder && errno == ENOENT) return;
  if (!folder) throw_errno("cannot remove " + path.string());
  TreeRemover remover(folder.get(), path.string());
  for (;;) {
    remover.empty(folder.get(), 0);
    if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return;
    if (errno != ENOTEMPTY) throw_errno("cannot remove " + path.string());
  }
}

}  // namespace trainyard::compute
