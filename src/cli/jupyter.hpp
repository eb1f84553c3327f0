// The user's Jupyter, started behind a Unix socket that only this user can open.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "cli/env.hpp"
#include "http/client.hpp"

namespace trainyard::cli {

struct JupyterProgram {
  std::string name;  // "JupyterLab", "Jupyter Notebook"
  fs::path file;
};

/// JupyterLab as PATH has it, or else Notebook. SystemError that says how to get one.
JupyterProgram find_jupyter();

/// What is started: `socket` is where it listens, `folder` where its notebooks lie. `any_host`: our
/// door is reached under other names than loopback ones, and asks about them itself.
std::vector<std::string> jupyter_command(const JupyterProgram& program, const fs::path& socket,
                                         const fs::path& folder, bool any_host, bool as_root);

/// This process's environment with the changes and `more` ("NAME=value").
std::vector<std::string> changed_environment(const EnvChanges& changes,
                                             const std::vector<std::string>& more);

class Jupyter {
 public:
  struct Options {
    fs::path folder;
    fs::path log;
    EnvChanges environment;
    std::string token;
    bool any_host = false;
  };
  /// Knows its address; nothing runs yet.
  Jupyter(JupyterProgram program, Options options);
  /// Ends it, and its kernels.
  ~Jupyter();
  Jupyter(const Jupyter&) = delete;
  Jupyter& operator=(const Jupyter&) = delete;

  http::Address address() const;
  /// Called once.
  void start();
  /// Readable once it has ended.
  int ended() const { return process_.get(); }
  /// Whether it answers by now.
  bool ready() const;
  /// Its exit code, when it has ended.
  std::optional<int> exit_code();
  void stop();

 private:
  JupyterProgram program_;
  Options options_;
  TempDir home_;  // of the socket
  int pid_ = 0;
  Fd process_;  // pidfd
  std::optional<int> exit_code_;
};

}  // namespace trainyard::cli
