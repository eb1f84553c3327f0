// One program in a sandbox: bubblewrap with an allow-list of mounts in the network of its host, or,
// where the machine forbids that and the user has said so, a plain process.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/files.hpp"
#include "compute/network.hpp"

namespace trainyard::compute {

enum class SandboxMode { bwrap, none };

/// Inside, with bwrap.
inline constexpr const char* kInsideBase = "/opt/ml";
inline constexpr const char* kInsidePrograms = "/opt/trainyard";

/// A file system of its own, in the place of the host's folders. What the program writes to it
/// lies in its scratch folder (root/upper) and ends with that.
struct RootFolder {
  fs::path image;           // all of it the owner's; never written to
  unsigned uid = 0, gid = 0;  // who the program is, and whose everything is
  std::string folder;       // where it starts
};

/// Whom /etc/passwd tells of, with bwrap.
struct User {
  std::string name = "trainyard";
  std::string home = "/tmp";
};

struct SandboxSpec {
  SandboxMode mode = SandboxMode::bwrap;
  fs::path opt_ml;    // writable, at /opt/ml
  fs::path scratch;   // an empty folder of its own: /tmp, and the files of /etc
  std::optional<RootFolder> root;  // with it no program, nothing beside it, no folders
  fs::path program;   // in /opt/trainyard; read-only
  std::vector<fs::path> beside;   // what else is there: files and folders, read-only
  std::vector<fs::path> folders;  // of the host at the same paths, read-only
  std::map<std::string, fs::path> files;  // at these paths inside, with bwrap; read-only
  /// Folders at these paths inside, with bwrap; one may be in another. Not with a root.
  std::map<std::string, fs::path> writable;
  User user;                           // without a root, whose image has its own
  std::vector<std::string> arguments;  // of the program; with a root the program's name first
  std::map<std::string, std::string> environment;  // all that it gets
  std::string host;                                // its host name
  std::vector<std::string> hosts;                  // of the attempt, in order, for /etc/hosts
  const Namespaces* namespaces = nullptr;          // needed with bwrap
  int gpus = 0;                                    // so many are visible, with bwrap
  uint64_t memory_bytes = 0;                       // ceiling of a process's data; 0 is none
};

/// The device files of the first `gpus` NVIDIA GPUs in `devices`, and those that all GPUs share
/// whether or not they are there (NVIDIA driver's README, "Device nodes"); none for no GPU.
std::vector<std::string> gpu_nodes(const fs::path& devices, int gpus);

/// A running program. Everything that it started ends with it, and it with the thread that started
/// it: that thread must outlive it.
class SandboxedProgram {
 public:
  SandboxedProgram(SandboxedProgram&&) = default;
  ~SandboxedProgram();

  int out() const { return out_.get(); }  // read ends of its stdout and stderr
  int err() const { return err_.get(); }
  pid_t pid() const { return child_; }
  /// Readable for poll(2) once it has ended.
  int process() const { return process_.get(); }

  /// Waits for up to `wait_ms` (negative: for ever); nullopt while it runs. Killed by a signal
  /// counts as 128 and the signal's number.
  std::optional<int> wait(int wait_ms);
  /// SIGTERM to the program itself, as containers get it. False while there is none to be told: it
  /// has ended, or not quite begun.
  bool terminate();
  /// Ends all of it at once.
  void kill();

 private:
  friend SandboxedProgram run_in_sandbox(const SandboxSpec& spec);
  SandboxedProgram(SandboxMode mode, pid_t child, Fd process, Fd out, Fd err, Fd info);
  pid_t program_pid();
  void read_info();

  SandboxMode mode_;
  pid_t child_;  // bwrap, or the program; -1 once it was waited for
  Fd process_;   // its pidfd
  Fd out_, err_;
  Fd info_;      // bwrap tells here which process is the first inside
  pid_t inner_ = -1;
  std::optional<int> status_;
};

/// Starts it. SystemError when it cannot be started.
SandboxedProgram run_in_sandbox(const SandboxSpec& spec);

}  // namespace trainyard::compute
