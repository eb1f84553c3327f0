#include "compute/local_executor.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <set>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/points.hpp"
#include "base/text.hpp"
#include "compute/processes.hpp"

namespace trainyard::compute {
namespace {

constexpr const char* kAgentProgram = "trainyard-agent";
constexpr const char* kToolkitProgram = "trainyard-toolkit";
constexpr std::chrono::milliseconds kPoll{5};
constexpr std::chrono::seconds kHolderStartMax{10};
constexpr std::chrono::seconds kDeathMax{5};

/// Users of their own and views of their own need all of these.
bool may_change_users() {
  if (::geteuid() != 0) return false;
  auto status = read_file_if_exists("/proc/self/status");
  const std::size_t at = status ? status->find("CapEff:") : std::string::npos;
  if (at == std::string::npos) return false;
  const uint64_t capabilities = std::stoull(status->substr(at + 7), nullptr, 16);
  for (int needed : {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_KILL, CAP_SETGID, CAP_SETUID,
                     CAP_SYS_ADMIN}) {
    if ((capabilities >> needed & 1) == 0) return false;
  }
  return can_set_view();
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

void make_owned_folder(const fs::path& path, int mode, const std::optional<Owner>& owner) {
  if (::mkdir(path.c_str(), static_cast<mode_t>(mode)) != 0 && errno != EEXIST) {
    throw_errno("cannot create " + path.string());
  }
  if (owner && ::lchown(path.c_str(), owner->uid, owner->gid) != 0) {
    throw_errno("cannot give away " + path.string());
  }
}

/// All of a tree, its top last: a tree whose top is another's is wholly that one's. Links are given
/// away themselves. It is empty unless it was made when this daemon could not change users.
void give_tree(const fs::path& top, const Owner& owner) {
  auto give = [&](const fs::path& path) {
    if (::lchown(path.c_str(), owner.uid, owner.gid) != 0) {
      throw_errno("cannot give away " + path.string());
    }
  };
  for (const auto& entry : fs::recursive_directory_iterator(top)) give(entry.path());
  give(top);
}

/// For its own user only: the plan holds the attempt's token. What is there stays; a crash may have
/// come before it was given away.
void give_file(const fs::path& path, const json::object& content,
               const std::optional<Owner>& owner, const char* point) {
  if (!fs::exists(path)) write_file_atomically(path, dump(content), 0400, point);
  if (owner && ::lchown(path.c_str(), owner->uid, owner->gid) != 0) {
    throw_errno("cannot give away " + path.string());
  }
}

Fd open_log(const fs::path& path) {
  Fd file(::open(path.c_str(),
                 O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644));
  if (!file) throw_errno("cannot open " + path.string());
  return file;
}

bool is_users_of_attempts(const Owner& owner) {
  return owner.uid >= kFirstUid && owner.uid < kFirstUid + kUidsMax;
}

/// The owner of a folder, when it has one of its own.
std::optional<Owner> owner_of(const fs::path& folder) {
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0) throw_errno("cannot look at " + folder.string());
  if (status.st_uid == ::geteuid()) return std::nullopt;
  return Owner{status.st_uid, status.st_gid};
}

/// The user that all of an attempt's processes run as; nobody for one whose folder is gone.
uid_t user_of(const AttemptPaths& paths) {
  struct stat status {};
  if (::lstat(paths.folder.c_str(), &status) == 0) return status.st_uid;
  if (errno != ENOENT) throw_errno("cannot look at " + paths.folder.string());
  return static_cast<uid_t>(-1);
}

/// From scratch: what the daemon was started with is none of an agent's business.
std::vector<std::string> agent_environment() {
  return {"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG=C.UTF-8"};
}

/// The hosts that an attempt's plan names, as far as they are names: without a sandbox a program
/// can write another plan.
std::vector<std::string> hosts_of(const AttemptPaths& paths) {
  std::vector<std::string> hosts;
  auto text = read_left_file(paths.plan());
  if (!text) return hosts;
  auto plan = parse_json(*text);
  const json::array* names =
      plan && plan->is_object() ? find_array(plan->get_object(), "hosts") : nullptr;
  if (names == nullptr) log_error("the plan {} is malformed", paths.plan().string());
  for (const auto& name : names ? *names : json::array()) {
    if (name.is_string() && is_name(name.get_string())) hosts.push_back(to_std(name.get_string()));
  }
  return hosts;
}

bool alive(const fs::path& record_path, uid_t user) {
  auto record = read_record(record_path);
  return record && is_alive(*record, user);
}

void signal_recorded(const fs::path& record_path, int signal, uid_t user) {
  if (auto record = read_record(record_path)) send_signal(*record, signal, user);
}

void reap_recorded(const fs::path& record_path) {
  if (auto record = read_record(record_path)) reap(*record);
}

std::optional<json::object> read_receipt(const fs::path& path) {
  auto text = read_left_file(path);
  if (!text) return std::nullopt;
  auto value = parse_json(*text);
  if (!value || !value->is_object()) {
    log_error("the receipt {} is malformed", path.string());
    return std::nullopt;
  }
  return value->get_object();
}

InstanceStatus observe_instance(const AttemptPaths& paths, const std::string& host) {
  InstanceStatus status{host, InstanceState::unknown, std::nullopt};
  auto take_receipt = [&] {
    status.receipt = read_receipt(paths.receipt(host));
    if (status.receipt) status.state = InstanceState::ended;
    return status.receipt.has_value();
  };
  if (take_receipt()) return status;
  auto record = read_record(paths.agent_record(host));
  if (!record) return status;  // not started yet
  if (is_alive(*record, user_of(paths))) {
    status.state = InstanceState::running;
  } else if (!take_receipt()) {  // it may have left one since
    status.state = InstanceState::lost;
  }
  return status;
}

/// The process that was started wrote or will write the same by itself: a crash of the daemon in
/// between leaves nothing unknown. One that has ended already is recorded too, as dead.
void record_start(const fs::path& path, pid_t pid) {
  if (read_record(path)) return;
  write_record(path, record_of(pid).value_or(ProcessRecord{pid, 0, "ended"}));
}

}  // namespace

/// Where an agent finds things: the real paths, or those of its own view.
struct LocalExecutor::View {
  fs::path attempt, run, programs;
  std::vector<BindMount> mounts;
};

LocalExecutor::LocalExecutor(fs::path data_dir, fs::path programs_dir, SandboxMode mode,
                             EgressOf egress)
    : data_dir_(std::move(data_dir)), programs_dir_(std::move(programs_dir)), mode_(mode),
      egress_(std::move(egress)), own_users_(may_change_users()) {}

AttemptPaths LocalExecutor::paths_of(const std::string& id) const {
  if (!is_name(id)) throw SystemError("\"" + id + "\" is not the id of an attempt");
  return AttemptPaths{data_dir_ / "attempts" / id};
}

LocalExecutor::View LocalExecutor::view_of(const std::string& id) const {
  const fs::path attempt = data_dir_ / "attempts" / id;
  if (!own_users_) return {attempt, data_dir_ / "run", programs_dir_, {}};
  // Another user may be kept out of a folder above: it sees what it needs somewhere else.
  const fs::path root = kViewRoot;
  View view{root / "attempt", root / "run", root / "programs", {}};
  view.mounts = {{attempt.string(), view.attempt.string()},
                 {(data_dir_ / "run").string(), view.run.string()},
                 {programs_dir_.string(), view.programs.string()}};
  return view;
}

fs::path LocalExecutor::volume_path(const std::string& id) const {
  if (!is_name(id)) throw SystemError("\"" + id + "\" is not the id of a volume");
  return data_dir_ / "volumes" / id;
}

/// One that owns no attempt and no volume.
Owner LocalExecutor::new_user() const {
  std::set<uid_t> taken;
  for (const char* folder : {"attempts", "volumes"}) {
    if (!fs::exists(data_dir_ / folder)) continue;
    for (const auto& entry : fs::directory_iterator(data_dir_ / folder)) {
      struct stat status {};
      if (::lstat(entry.path().c_str(), &status) == 0) taken.insert(status.st_uid);
    }
  }
  for (unsigned uid = kFirstUid; uid < kFirstUid + kUidsMax; ++uid) {
    if (!taken.contains(uid)) return {uid, uid};
  }
  throw SystemError("every user for attempts is taken");
}

/// Makes the volume unless it is there, and tells whose it is (nullopt: ours). Whoever gets it
/// first has it for all its life: what is in it belongs to that user.
std::optional<Owner> LocalExecutor::own_volume(const std::string& id) {
  const fs::path path = volume_path(id);
  fs::create_directories(path.parent_path());
  make_owned_folder(path, 0700, std::nullopt);
  crash_point("volume.folder");
  std::optional<Owner> owner = owner_of(path);
  // Made by a person's own daemon: no notebook runs as that person for it.
  if (own_users_ && owner && !is_users_of_attempts(*owner)) owner.reset();
  if (!own_users_ && owner) {
    throw SystemError(fmt::format("the volume {} belongs to user {}: this daemon ran as root when "
                                  "it was made", path.string(), owner->uid));
  }
  if (owner || !own_users_) return owner;
  owner = new_user();
  give_tree(path, *owner);
  return owner;
}

/// Makes the attempt's folder and, before it, its volume; tells whose both are. A crash may have
/// come between any two steps; where there is a plan all was settled before.
std::optional<Owner> LocalExecutor::own_folder(const AttemptSpec& spec,
                                               const AttemptPaths& paths) {
  std::lock_guard lock(uids_);
  if (fs::exists(paths.plan())) return owner_of(paths.folder);
  const auto of_volume = spec.volume.empty() ? std::nullopt : own_volume(spec.volume);
  make_owned_folder(paths.folder, 0700, std::nullopt);
  crash_point("attempt.folder");
  std::optional<Owner> owner = owner_of(paths.folder);
  if (owner || !own_users_) return owner;
  owner = of_volume ? of_volume : new_user();
  make_owned_folder(paths.folder, 0700, owner);
  return owner;
}

void LocalExecutor::make_folder(const AttemptSpec& spec, const AttemptPaths& paths) {
  fs::create_directories(paths.folder.parent_path());
  fs::create_directories(data_dir_ / "run");
  const std::optional<Owner> owner = own_folder(spec, paths);
  const bool planned = fs::exists(paths.plan());
  std::optional<Egress> egress = planned || !egress_ ? std::nullopt : egress_();
  if (egress) give_file(paths.egress(), to_json(*egress), owner, "egress.rename");
  give_file(paths.plan(), spec.plan, owner, "plan.rename");
  for (const std::string& host : spec.hosts) make_owned_folder(paths.host(host), 0755, owner);
}

void LocalExecutor::submit(const AttemptSpec& spec) {
  AttemptPaths paths = paths_of(spec.id);
  for (const std::string& host : spec.hosts) {
    if (!is_name(host)) throw SystemError("\"" + host + "\" is not a host's name");
  }
  make_folder(spec, paths);
  const bool over = std::all_of(spec.hosts.begin(), spec.hosts.end(), [&](const auto& host) {
    return fs::exists(paths.agent_record(host));
  });
  if (over) return;  // all were started; whether they still run is for observe to say
  if (mode_ == SandboxMode::bwrap) ensure_network(spec, paths);
  for (const std::string& host : spec.hosts) ensure_agent(spec, paths, host);
}

void LocalExecutor::ensure_network(const AttemptSpec& spec, const AttemptPaths& paths) {
  auto lock = try_lock_file(paths.network_lock());
  if (!lock) {  // a holder runs, or has begun to: a daemon before us started it
    for (auto waited = kPoll; waited < kHolderStartMax; waited += kPoll) {
      if (fs::exists(paths.folder / kSocketName)) return;
      std::this_thread::sleep_for(kPoll);
    }
    throw SystemError("the network holder of " + spec.id + " does not begin");
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("cannot make a pipe");
  Fd ready(ends[0]), tell(ends[1]);
  View view = view_of(spec.id);
  Fd log = open_log(paths.network_log());
  DaemonSpec holder;
  holder.program = (view.programs / kAgentProgram).string();
  holder.arguments = {"network", "--folder", view.attempt.string(), "--ready",
                      std::to_string(tell.get())};
  for (const std::string& host : spec.hosts) holder.arguments.push_back(host);
  holder.environment = agent_environment();
  holder.log = log.get();
  holder.inherited = {tell.get(), lock->get()};  // the lock is the holder's from now on
  holder.owner = owner_of(paths.folder);
  holder.mounts = view.mounts;
  pid_t pid = start_daemonised(holder);
  crash_point("spawn.network");
  record_start(paths.network_record(), pid);
  tell.reset();
  std::string word(4096, '\0');
  ssize_t size = 0;
  while ((size = ::read(ready.get(), word.data(), word.size())) < 0 && errno == EINTR) {
  }
  word.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  if (word == "ok") return;
  // A repeat of the submission shall try anew.
  fs::remove(paths.network_record());
  throw SystemError(word.empty() ? "the network holder ended before it was ready" : word);
}

void LocalExecutor::ensure_agent(const AttemptSpec& spec, const AttemptPaths& paths,
                                 const std::string& host) {
  // Started once is started: an agent that died is a lost instance, and never gets a second life.
  if (fs::exists(paths.agent_record(host))) return;
  auto lock = try_lock_file(paths.agent_lock(host));
  if (!lock) return;  // a daemon before us started it; it writes its record itself
  View view = view_of(spec.id);
  Fd log = open_log(paths.agent_log(host));
  DaemonSpec agent;
  agent.owner = owner_of(paths.folder);
  agent.program = (view.programs / kAgentProgram).string();
  agent.arguments = {"run", "--attempt", view.attempt.string(), "--host", host, "--reports",
                     (view.run / "agents.sock").string(), "--door",
                     (view.run / "attempts" / (spec.id + ".sock")).string(), "--toolkit",
                     (view.programs / kToolkitProgram).string(), "--sandbox",
                     mode_ == SandboxMode::bwrap ? "bwrap" : "none"};
  agent.environment = agent_environment();
  agent.log = log.get();
  Fd id_map;
  if (spec.sees_images) id_map = show_images(agent);
  if (!spec.volume.empty()) show_volume(spec.volume, agent);
  agent.inherited = {lock->get()};
  agent.mounts.insert(agent.mounts.end(), view.mounts.begin(), view.mounts.end());
  pid_t pid = start_daemonised(agent);
  crash_point("spawn.agent");
  record_start(paths.agent_record(host), pid);
}

/// The daemon's images, for an agent that may be another user. What is returned must live until the
/// agent has started.
Fd LocalExecutor::show_images(DaemonSpec& agent) const {
  fs::path images = data_dir_ / "images";
  Fd id_map;
  if (agent.owner) {
    const fs::path shown = fs::path(kViewRoot) / "images";
    id_map = make_id_map(*agent.owner);
    agent.mounts.push_back({images.string(), shown.string(), id_map.get()});
    images = shown;
  }
  agent.arguments.insert(agent.arguments.end(), {"--images", images.string()});
  return id_map;
}

void LocalExecutor::show_volume(const std::string& id, DaemonSpec& agent) const {
  fs::path volume = volume_path(id);
  if (agent.owner) {
    const fs::path shown = fs::path(kViewRoot) / "volume";
    agent.mounts.push_back({volume.string(), shown.string()});
    volume = shown;
  }
  agent.arguments.insert(agent.arguments.end(), {"--volume", volume.string()});
}

std::vector<std::string> LocalExecutor::find() {
  std::vector<std::string> ids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data_dir_ / "attempts", error)) {
    std::string name = entry.path().filename().string();
    if (is_name(name)) ids.push_back(std::move(name));
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw SystemError("cannot read " + (data_dir_ / "attempts").string() + ": " + error.message());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::map<std::string, std::vector<InstanceStatus>> LocalExecutor::observe(
    std::span<const std::string> ids) {
  std::map<std::string, std::vector<InstanceStatus>> all;
  for (const std::string& id : ids) {
    AttemptPaths paths = paths_of(id);
    auto& statuses = all[id];
    for (const std::string& host : hosts_of(paths)) {
      statuses.push_back(observe_instance(paths, host));
    }
  }
  return all;
}

void LocalExecutor::cancel(const std::string& id) {
  AttemptPaths paths = paths_of(id);
  if (!fs::exists(paths.folder)) return;
  // The file tells an agent that has not begun to listen; the signal all others. Whatever a program
  // has put in its place tells the same.
  Fd file(::open(paths.stop().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file && errno != EEXIST) throw_errno("cannot make " + paths.stop().string());
  const uid_t user = user_of(paths);
  for (const std::string& host : hosts_of(paths)) {
    if (!fs::exists(paths.receipt(host))) {
      signal_recorded(paths.agent_record(host), SIGTERM, user);
    }
  }
}

void LocalExecutor::kill(const std::string& id) {
  AttemptPaths paths = paths_of(id);
  const uid_t user = user_of(paths);
  for (const std::string& host : hosts_of(paths)) {
    // Without a sandbox the program's own children would stay: their group goes first.
    if (auto program = read_record(paths.program_record(host))) kill_group(*program, user);
    signal_recorded(paths.agent_record(host), SIGKILL, user);
  }
  signal_recorded(paths.network_record(), SIGKILL, user);
}

void LocalExecutor::forget(const std::string& id) {
  AttemptPaths paths = paths_of(id);
  kill(id);
  const uid_t user = user_of(paths);
  auto any_alive = [&] {
    for (const std::string& host : hosts_of(paths)) {
      if (alive(paths.agent_record(host), user)) return true;
    }
    return alive(paths.network_record(), user);
  };
  for (auto waited = kPoll; any_alive() && waited < kDeathMax; waited += kPoll) {
    std::this_thread::sleep_for(kPoll);
  }
  for (const std::string& host : hosts_of(paths)) reap_recorded(paths.agent_record(host));
  reap_recorded(paths.network_record());
  remove_tree(paths.folder);
}

void LocalExecutor::remove_volume(const std::string& id) {
  const fs::path path = volume_path(id);
  // No volume's name: a removal that is cut short leaves nothing that could be taken for one.
  const fs::path doomed = path.string() + ".removed";
  remove_tree(doomed);
  if (::rename(path.c_str(), doomed.c_str()) != 0) {
    if (errno == ENOENT) return;
    throw_errno("cannot remove " + path.string());
  }
  fsync_folder(path.parent_path());
  crash_point("volume.rename");
  remove_tree(doomed);
}

Fd LocalExecutor::connect(const std::string& id, const std::string& host, int port) {
  AttemptPaths paths = paths_of(id);
  if (mode_ == SandboxMode::bwrap) return NetworkClient(paths.folder).connect(host, port);
  std::string own = read_left_file(paths.port(host)).value_or("");
  if (port == kContainerPort && !own.empty()) {
    std::from_chars(own.data(), own.data() + own.size(), port);
  }
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!socket ||
      ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw_errno("cannot connect to " + host + ":" + std::to_string(port));
  }
  return socket;
}

}  // namespace trainyard::compute
