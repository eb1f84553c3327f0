// Processes that outlive us: started without a parent, found again by what they wrote down.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/files.hpp"

namespace trainyard::compute {

/// A process as a file names it. The start time and the boot guard against a pid used again.
struct ProcessRecord {
  pid_t pid = 0;
  uint64_t start_ticks = 0;  // proc(5), stat, field 22
  std::string boot;          // /proc/sys/kernel/random/boot_id
};

/// The record of a running process; nullopt when there is none (any more).
std::optional<ProcessRecord> record_of(pid_t pid);
void write_record(const fs::path& path, const ProcessRecord& record);
/// nullopt when the file is absent or not a record.
std::optional<ProcessRecord> read_record(const fs::path& path);
/// False for a zombie as well: nothing of it runs.
bool is_alive(const ProcessRecord& record);
/// Whether it runs, as that user. Without a sandbox programs can write the records of their own
/// attempt, which then may name any process of the machine.
bool is_alive(const ProcessRecord& record, uid_t user);
/// Takes the exit status of a process that has become our child, as orphans of the first process of
/// a container's do; nothing when it is not.
void reap(const ProcessRecord& record);
/// Sends through a pidfd, so that no other process can be hit. False when it is gone, or is not
/// that user's.
bool send_signal(const ProcessRecord& record, int signal, uid_t user);
/// SIGKILL for the process group that it leads, if it runs as that user.
void kill_group(const ProcessRecord& record, uid_t user);

/// A file of a folder that a program can write to: nullopt when it is absent; when it is no plain
/// file of a size that we would write, or its folder is a link, that is logged and nullopt as well.
/// Never waits.
std::optional<std::string> read_left_file(const fs::path& path);

/// A user and group that a process shall run as.
struct Owner {
  uid_t uid = 0;
  gid_t gid = 0;
};

/// `from` is seen by the process at `to` (an absolute path whose parent is made).
struct BindMount {
  std::string from, to;
  int id_map = -1;  // of make_id_map(): read-only, and what is root's is shown as the owner's
};

/// A user namespace by which a mount shows root's files as `owner`'s (mount_setattr(2), "ID-mapped
/// mounts"). Needs CAP_SYS_ADMIN.
Fd make_id_map(const Owner& owner);

struct DaemonSpec {
  std::string program;
  std::vector<std::string> arguments;    // argv[1] on
  std::vector<std::string> environment;  // "NAME=value", all there is
  int log = -1;                          // stdout and stderr
  std::vector<int> inherited;            // further descriptors, under their numbers
  std::optional<Owner> owner;            // needs CAP_SETUID
  std::vector<BindMount> mounts;         // on a private tmpfs over kViewRoot; needs CAP_SYS_ADMIN
};

/// Where a process with a view of its own finds its folders, wherever they really are.
inline constexpr const char* kViewRoot = "/mnt";

/// Whether this process may give others a view of their own; tried, not guessed.
bool can_set_view();

/// Starts a process in a session of its own, without a parent, and returns its pid once it runs
/// `program`; SIGTERM and SIGINT are blocked in it. SystemError with the step that failed.
pid_t start_daemonised(const DaemonSpec& spec);

/// Removes a tree whatever its modes, never following links. SystemError when something stays.
void remove_tree(const fs::path& path);

}  // namespace trainyard::compute
