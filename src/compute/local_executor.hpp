// Attempts as processes of this machine: one agent a host and one network holder an attempt, all
// without a parent, so that they outlive the daemon and are found again by the next one.
#pragma once

#include <functional>
#include <mutex>

#include "compute/attempt_paths.hpp"
#include "compute/egress.hpp"
#include "compute/executor.hpp"
#include "compute/processes.hpp"
#include "compute/sandbox.hpp"

namespace trainyard::compute {

/// As root, and allowed to: each attempt runs as a user of its own, from here on.
inline constexpr unsigned kFirstUid = 200'000;
inline constexpr unsigned kUidsMax = 65'536;

class LocalExecutor final : public Executor {
 public:
  /// What instances are to have of the internet; asked anew for each attempt.
  using EgressOf = std::function<std::optional<Egress>()>;

  /// Folders below `data_dir`/attempts; the programs trainyard-agent and trainyard-toolkit are in
  /// `programs_dir`. Without `egress` instances have nothing of the internet.
  LocalExecutor(fs::path data_dir, fs::path programs_dir, SandboxMode mode,
                EgressOf egress = nullptr);

  void submit(const AttemptSpec& spec) override;
  std::vector<std::string> find() override;
  std::map<std::string, std::vector<InstanceStatus>> observe(
      std::span<const std::string> ids) override;
  void cancel(const std::string& id) override;
  void kill(const std::string& id) override;
  void forget(const std::string& id) override;
  void remove_volume(const std::string& id) override;
  Fd connect(const std::string& id, const std::string& host, int port) override;

 private:
  struct View;
  AttemptPaths paths_of(const std::string& id) const;
  View view_of(const std::string& id) const;
  fs::path volume_path(const std::string& id) const;
  void make_folder(const AttemptSpec& spec, const AttemptPaths& paths);
  std::optional<Owner> own_folder(const AttemptSpec& spec, const AttemptPaths& paths);
  std::optional<Owner> own_volume(const std::string& id);
  Owner new_user() const;
  void ensure_network(const AttemptSpec& spec, const AttemptPaths& paths);
  void ensure_agent(const AttemptSpec& spec, const AttemptPaths& paths, const std::string& host);
  Fd show_images(DaemonSpec& agent) const;
  void show_volume(const std::string& id, DaemonSpec& agent) const;

  const fs::path data_dir_, programs_dir_;
  const SandboxMode mode_;
  const EgressOf egress_;
  const bool own_users_;
  std::mutex uids_;  // taken while an attempt's user is chosen
};

}  // namespace trainyard::compute
