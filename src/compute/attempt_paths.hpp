// The folder of an attempt: what the executor and the agents write where.
#pragma once

#include <string>

#include "base/files.hpp"

namespace trainyard::compute {

struct AttemptPaths {
  fs::path folder;  // DIR/attempts/<id>

  fs::path plan() const { return folder / "plan.json"; }
  fs::path egress() const { return folder / "egress.json"; }
  fs::path stop() const { return folder / "stop"; }  // there once a stop was asked for
  fs::path network_record() const { return folder / "network.pid"; }
  fs::path network_lock() const { return folder / "network.lock"; }
  fs::path network_log() const { return folder / "network.log"; }

  fs::path host(const std::string& name) const { return folder / name; }
  fs::path agent_record(const std::string& name) const { return host(name) / "agent.pid"; }
  fs::path agent_lock(const std::string& name) const { return host(name) / "agent.lock"; }
  fs::path agent_log(const std::string& name) const { return host(name) / "agent.log"; }
  fs::path receipt(const std::string& name) const { return host(name) / "receipt.json"; }
  fs::path finished(const std::string& name) const { return host(name) / "finished"; }
  fs::path opt_ml(const std::string& name) const { return host(name) / "opt-ml"; }
  fs::path scratch(const std::string& name) const { return host(name) / "tmp"; }
  /// Without a sandbox: the program, which leads a process group of its own.
  fs::path program_record(const std::string& name) const { return host(name) / "program.pid"; }
  /// Without a sandbox: the port that the host's server has in the place of 8080.
  fs::path port(const std::string& name) const { return host(name) / "port"; }
};

}  // namespace trainyard::compute
