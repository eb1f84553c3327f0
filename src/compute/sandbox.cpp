#include "compute/sandbox.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "compute/processes.hpp"

namespace trainyard::compute {
namespace {

constexpr const char* kBubblewrap = "/usr/bin/bwrap";
constexpr const char* kUserId = "1000";
// The kernel, short of memory, takes a job before the daemon or its agents.
constexpr const char* kOomScore = "500";
constexpr std::size_t kInfoBytesMax = 4096;
/// In the scratch folder of a program with a root of its own: an overlay's lower, upper, work and
/// merged. Their names stand in the overlay's options, where a path with a comma could not.
constexpr const char* kLayers = "root";
constexpr const char* kOverlay = "lowerdir=lower,upperdir=upper,workdir=work,userxattr";

/// What programs need of /etc and nothing that tells of this machine's users or network.
constexpr const char* kEtcFiles[] = {
    "alternatives", "ca-certificates.conf", "fonts",    "ld.so.cache", "ld.so.conf",
    "ld.so.conf.d", "localtime",            "magic",    "mime.types",  "protocols",
    "python3",      "services",             "ssl/certs", "ssl/openssl.cnf", "timezone"};
/// Links into /usr on a merged system, folders elsewhere.
constexpr const char* kRootFolders[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};

void write_file(const fs::path& path, const std::string& text) {
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) throw_errno("cannot write " + path.string());
  write_all(file.get(), text, path.string());
}

/// The files of /etc that are the instance's own.
void write_etc(const SandboxSpec& spec, const fs::path& etc) {
  fs::create_directories(etc);
  std::string hosts = "127.0.0.1 localhost\n::1 localhost\n";
  for (std::size_t i = 0; i < spec.hosts.size(); ++i) {
    hosts += host_address(i) + " " + spec.hosts[i] + "\n";
  }
  write_file(etc / "hosts", hosts);
  write_file(etc / "hostname", spec.host + "\n");
  const std::string& user = spec.user.name;
  write_file(etc / "passwd", "root:x:0:0:root:/root:/usr/sbin/nologin\n" + user +
                                 ":x:1000:1000::" + spec.user.home + ":/bin/sh\n");
  write_file(etc / "group", "root:x:0:\n" + user + ":x:1000:\n");
  write_file(etc / "nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"
                                    "services: files\nprotocols: files\n");
}

class Arguments {
 public:
  /// A NUL ends an option: a word that holds one would bring options of its own.
  void add(std::initializer_list<std::string_view> words) {
    for (std::string_view word : words) {
      if (word.find('\0') != std::string_view::npos) {
        throw SystemError("a NUL character in \"" +
                          std::string(word.substr(0, word.find('\0'))) +
                          "\", which is to be an option of the sandbox");
      }
      text_.append(word);
      text_ += '\0';
    }
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void add_root(Arguments& arguments) {
  arguments.add({"--ro-bind", "/usr", "/usr"});
  for (const char* folder : kRootFolders) {
    std::error_code error;
    if (fs::is_symlink(folder, error)) {
      arguments.add({"--symlink", fs::read_symlink(folder).string(), folder});
    } else if (fs::is_directory(folder, error)) {
      arguments.add({"--ro-bind", folder, folder});
    }
  }
  for (const char* name : kEtcFiles) {
    std::string path = std::string("/etc/") + name;
    arguments.add({"--ro-bind-try", path, path});
  }
}

void add_isolation(Arguments& arguments, const SandboxSpec& spec, const std::string& uid,
                   const std::string& gid) {
  arguments.add({"--unshare-user", "--disable-userns", "--uid", uid, "--gid", gid,
                 "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
                 "--hostname", spec.host, "--die-with-parent", "--new-session", "--cap-drop",
                 "ALL"});
}

void add_etc(Arguments& arguments, const fs::path& etc, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    arguments.add({"--ro-bind", (etc / name).string(), std::string("/etc/") + name});
  }
}

/// What is the kernel's or the job's own in either kind of root.
void add_mounts(Arguments& arguments, const SandboxSpec& spec) {
  arguments.add({"--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm",
                 "--bind", spec.opt_ml.string(), kInsideBase});
  for (const std::string& node : gpu_nodes("/dev", spec.gpus)) {
    arguments.add({"--dev-bind-try", node, node});
  }
}

void add_environment(Arguments& arguments, const SandboxSpec& spec) {
  arguments.add({"--clearenv"});
  for (const auto& [name, value] : spec.environment) arguments.add({"--setenv", name, value});
}

/// Whether a path of an image passes a link: what is mounted there would land where that leads, and
/// it may lead out.
bool passes_link(const fs::path& image, const std::string& path) {
  fs::path at = image;
  for (const fs::path& part : fs::path(path).relative_path()) {
    at /= part;
    std::error_code error;
    if (fs::is_symlink(fs::symlink_status(at, error))) return true;
  }
  return false;
}

/// On the mounted layers (Launch::mount_layers).
std::string image_arguments(const SandboxSpec& spec) {
  const RootFolder& root = *spec.root;
  const fs::path etc = spec.scratch / "etc";
  write_etc(spec, etc);
  for (const char* path : {"/proc", "/dev", "/etc/hosts", "/etc/hostname", kInsideBase}) {
    if (!passes_link(root.image, path)) continue;
    throw SystemError(std::string("the image has a link where ") + path + " is to be");
  }
  Arguments arguments;
  add_isolation(arguments, spec, std::to_string(root.uid), std::to_string(root.gid));
  arguments.add({"--bind", (spec.scratch / kLayers / "merged").string(), "/"});
  add_etc(arguments, etc, {"hosts", "hostname"});
  add_mounts(arguments, spec);
  for (const auto& [path, source] : spec.files) {
    if (!passes_link(root.image, path)) arguments.add({"--ro-bind", source.string(), path});
  }
  // As docker does, where the image lacks it.
  if (!passes_link(root.image, root.folder)) arguments.add({"--dir", root.folder});
  arguments.add({"--chdir", root.folder});
  add_environment(arguments, spec);
  return arguments.text();
}

std::string bubblewrap_arguments(const SandboxSpec& spec) {
  fs::path etc = spec.scratch / "etc", tmp = spec.scratch / "tmp";
  fs::create_directories(tmp);
  write_etc(spec, etc);
  Arguments arguments;
  add_isolation(arguments, spec, kUserId, kUserId);
  add_root(arguments);
  add_etc(arguments, etc, {"hosts", "hostname", "passwd", "group", "nsswitch.conf"});
  arguments.add({"--bind", tmp.string(), "/tmp", "--dir", "/run", "--dir", "/var", "--symlink",
                 "../tmp", "/var/tmp"});
  add_mounts(arguments, spec);
  // In the order of their paths, what is in another after it; and before all that the host may have
  // below the same path.
  for (const auto& [path, folder] : spec.writable) {
    arguments.add({"--bind", folder.string(), path});
  }
  const std::string inside = std::string(kInsidePrograms) + "/" + spec.program.filename().string();
  arguments.add({"--ro-bind", spec.program.string(), inside});
  for (const fs::path& path : spec.beside) {
    arguments.add({"--ro-bind", path.string(),
                   std::string(kInsidePrograms) + "/" + path.filename().string()});
  }
  for (const fs::path& path : spec.folders) {
    arguments.add({"--ro-bind", path.string(), path.string()});
  }
  for (const auto& [path, source] : spec.files) arguments.add({"--ro-bind", source.string(), path});
  arguments.add({"--remount-ro", "/", "--chdir", kInsideBase});
  add_environment(arguments, spec);
  return arguments.text();
}

/// The options go through a file without a name: environments may hold what `ps` must not show.
Fd options_file(const std::string& text) {
  Fd file(static_cast<int>(::syscall(SYS_memfd_create, "bwrap-options", 1U /* MFD_CLOEXEC */)));
  if (!file) throw_errno("cannot make a memory file");
  write_all(file.get(), text, "a memory file");
  if (::lseek(file.get(), 0, SEEK_SET) != 0) throw_errno("cannot rewind a memory file");
  return file;
}

std::pair<Fd, Fd> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("cannot make a pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

/// Everything that the child needs, made before the fork: afterwards only system calls.
struct Launch {
  std::string file;
  std::vector<std::string> arguments, environment;
  std::string directory;  // "" stays
  int user = -1, net = -1;
  int out = -1, err = -1;
  std::vector<int> inherited;
  rlim_t memory = RLIM_INFINITY;
  std::string layers, image;  // "" for a program without a root of its own
  int report = -1;  // a failed step

  std::vector<char*> argv, envp;
  sigset_t no_signals;

  void prepare() {
    argv.push_back(file.data());
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    for (auto& line : environment) envp.push_back(line.data());
    envp.push_back(nullptr);
    sigemptyset(&no_signals);
  }

  [[noreturn]] void fail(const char* step) {
    struct {
      int error;
      char step[60];
    } failure{};
    failure.error = errno;
    std::strncpy(failure.step, step, sizeof failure.step - 1);
    [[maybe_unused]] auto written = ::write(report, &failure, sizeof failure);
    end_child(127);
  }

  void limit() {
    int score = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score < 0 || ::write(score, kOomScore, std::strlen(kOomScore)) < 0) fail("oom_score_adj");
    rlimit none{0, 0};
    if (::setrlimit(RLIMIT_CORE, &none) != 0) fail("setrlimit(core)");
    if (memory == RLIM_INFINITY) return;
    rlimit data{memory, memory};
    if (::setrlimit(RLIMIT_DATA, &data) != 0) fail("setrlimit(data)");
  }

  /// For this process alone, by the rights that the attempt's user namespace gives; bubblewrap
  /// takes the result as its root.
  void mount_layers() {
    if (::unshare(CLONE_NEWNS) != 0) fail("unshare(mount namespace)");
    if (::mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) fail("make-rslave /");
    if (::chdir(layers.c_str()) != 0) fail("chdir");
    if (::mount(image.c_str(), "lower", nullptr, MS_BIND, nullptr) != 0) fail("bind the image");
    if (::mount("overlay", "merged", "overlay", MS_NOSUID | MS_NODEV, kOverlay) != 0) {
      fail("mount an overlay");
    }
    if (::chdir("/") != 0) fail("chdir");
  }

  [[noreturn]] void run() {
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
    ::sigprocmask(SIG_SETMASK, &no_signals, nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::setpgid(0, 0) != 0) fail("setpgid");
    int null = ::open("/dev/null", O_RDONLY);
    if (null < 0 || ::dup2(null, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) fail("dup2");
    ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    for (int fd : inherited) ::fcntl(fd, F_SETFD, 0);
    limit();
    if (user >= 0 && ::setns(user, CLONE_NEWUSER) != 0) fail("setns(user)");
    if (net >= 0 && ::setns(net, CLONE_NEWNET) != 0) fail("setns(net)");
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // forgotten when the credentials change
    if (!layers.empty()) mount_layers();
    if (!directory.empty() && ::chdir(directory.c_str()) != 0) fail("chdir");
    ::execve(file.c_str(), argv.data(), envp.data());
    fail("exec");
  }
};

void plain_launch(const SandboxSpec& spec, Launch& launch) {
  launch.file = spec.program.string();
  launch.arguments = spec.arguments;
  launch.directory = spec.opt_ml.string();
  for (const auto& [name, value] : spec.environment) {
    launch.environment.push_back(name + "=" + value);
  }
}

void bubblewrap_launch(const SandboxSpec& spec, int options, int info, Launch& launch) {
  TRAINYARD_ASSERT(spec.namespaces != nullptr);
  launch.file = kBubblewrap;
  launch.arguments = {"--args", std::to_string(options), "--info-fd", std::to_string(info), "--"};
  if (spec.root) {
    launch.layers = (spec.scratch / kLayers).string();
    launch.image = spec.root->image.string();
    for (const char* name : {"lower", "upper", "work", "merged"}) {
      fs::create_directories(fs::path(launch.layers) / name);
    }
  } else {
    launch.arguments.push_back(std::string(kInsidePrograms) + "/" +
                               spec.program.filename().string());
  }
  launch.arguments.insert(launch.arguments.end(), spec.arguments.begin(), spec.arguments.end());
  launch.inherited = {options, info};
  launch.user = spec.namespaces->user.get();
  launch.net = spec.namespaces->net.get();
}

/// Until the child has executed its file, which closes the pipe, or has said what failed.
void await_exec(int pipe, const std::string& file) {
  struct {
    int error;
    char step[60];
  } failure{};
  ssize_t count = 0;
  while ((count = ::read(pipe, &failure, sizeof failure)) < 0 && errno == EINTR) {
  }
  if (count <= 0) return;
  throw SystemError("cannot start " + file + ": " + failure.step + ": " +
                    std::strerror(failure.error));
}

/// The children of a process, from /proc: some kernels lack its `children` file.
std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  DIR* folder = ::opendir("/proc");
  if (folder == nullptr) return children;
  const std::string wanted = std::to_string(parent);
  while (dirent* entry = ::readdir(folder)) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    try {
      auto stat = read_file_if_exists("/proc/" + std::string(entry->d_name) + "/stat");
      const std::size_t end = stat ? stat->rfind(") ") : std::string::npos;
      if (end == std::string::npos) continue;
      auto fields = split(std::string_view(*stat).substr(end + 2), ' ');
      if (fields.size() > 1 && fields[1] == wanted) children.push_back(std::atoi(entry->d_name));
    } catch (const SystemError&) {
      continue;  // it has just ended
    }
  }
  ::closedir(folder);
  std::sort(children.begin(), children.end());
  return children;
}

}  // namespace

std::vector<std::string> gpu_nodes(const fs::path& devices, int gpus) {
  if (gpus <= 0) return {};
  const std::string prefix = (devices / "nvidia").string();
  std::vector<int> minors;
  for (const auto& entry : fs::directory_iterator(devices)) {
    const std::string path = entry.path().string();
    if (!path.starts_with(prefix)) continue;
    const char* end = path.data() + path.size();
    int minor = 0;
    auto [rest, failure] = std::from_chars(path.data() + prefix.size(), end, minor);
    if (failure == std::errc() && rest == end) minors.push_back(minor);
  }
  std::sort(minors.begin(), minors.end());
  minors.resize(std::min(minors.size(), static_cast<std::size_t>(gpus)));
  std::vector<std::string> nodes;
  for (int minor : minors) nodes.push_back(prefix + std::to_string(minor));
  for (const char* shared : {"ctl", "-modeset", "-uvm", "-uvm-tools", "-caps"}) {
    nodes.push_back(prefix + shared);
  }
  return nodes;
}

SandboxedProgram::SandboxedProgram(SandboxMode mode, pid_t child, Fd process, Fd out, Fd err,
                                   Fd info)
    : mode_(mode), child_(child), process_(std::move(process)), out_(std::move(out)),
      err_(std::move(err)), info_(std::move(info)) {}

SandboxedProgram::~SandboxedProgram() {
  if (!process_ || status_) return;
  kill();
  wait(-1);
}

std::optional<int> SandboxedProgram::wait(int wait_ms) {
  if (status_) return status_;
  pollfd entry{process_.get(), POLLIN, 0};
  int ready = ::poll(&entry, 1, wait_ms);
  if (ready < 0 && errno == EINTR) return std::nullopt;
  if (ready == 0) return std::nullopt;
  int status = 0;
  if (::waitpid(child_, &status, 0) < 0) throw_errno("cannot wait for the program");
  // Plain processes may have left others behind, in their group at least.
  if (mode_ == SandboxMode::none) ::kill(-child_, SIGKILL);
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

void SandboxedProgram::read_info() {
  if (!info_) return;
  std::string text(kInfoBytesMax, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    ssize_t count = ::read(info_.get(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  info_.reset();
  text.resize(size);
  auto value = parse_json(text);
  if (!value || !value->is_object()) return;  // it failed before it had anything to tell
  inner_ = static_cast<pid_t>(find_integer(value->get_object(), "child-pid").value_or(-1));
}

/// Bubblewrap's first process inside waits for the program, its first child.
pid_t SandboxedProgram::program_pid() {
  if (mode_ == SandboxMode::none) return child_;
  read_info();
  if (inner_ < 0) return -1;
  auto children = children_of(inner_);
  return children.empty() ? -1 : children.front();
}

bool SandboxedProgram::terminate() {
  if (wait(0)) return false;
  pid_t pid = program_pid();
  return pid > 0 && ::kill(pid, SIGTERM) == 0;
}

void SandboxedProgram::kill() {
  if (status_) return;
  if (mode_ == SandboxMode::none) ::kill(-child_, SIGKILL);
  // With its parent's end, bubblewrap's death ends its first process, and so all inside.
  ::kill(child_, SIGKILL);
}

SandboxedProgram run_in_sandbox(const SandboxSpec& spec) {
  for (const auto& [name, value] : spec.environment) {
    if (name.find('\0') == std::string::npos && value.find('\0') == std::string::npos) continue;
    throw SystemError("the environment variable " + name.substr(0, name.find('\0')) +
                      " holds a NUL character");
  }
  auto [out, out_write] = make_pipe();
  auto [err, err_write] = make_pipe();
  auto [info, info_write] = make_pipe();
  auto [report, report_write] = make_pipe();
  Launch launch;
  Fd options;
  if (spec.mode == SandboxMode::bwrap) {
    options = options_file(spec.root ? image_arguments(spec) : bubblewrap_arguments(spec));
    bubblewrap_launch(spec, options.get(), info_write.get(), launch);
  } else {
    plain_launch(spec, launch);
    info.reset();
  }
  launch.out = out_write.get();
  launch.err = err_write.get();
  launch.report = report_write.get();
  if (spec.memory_bytes > 0) launch.memory = spec.memory_bytes;
  launch.prepare();
  pid_t child = ::_Fork();
  if (child < 0) throw_errno("cannot start the program");
  if (child == 0) launch.run();
  report_write.reset();
  Fd process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (!process) throw_errno("cannot watch the program");
  SandboxedProgram program(spec.mode, child, std::move(process), std::move(out), std::move(err),
                           std::move(info));
  await_exec(report.get(), launch.file);
  return program;
}

}  // namespace trainyard::compute
