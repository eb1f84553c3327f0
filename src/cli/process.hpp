// Other programs, started from a command.
#pragma once

#include <string>
#include <vector>

#include "base/files.hpp"

namespace trainyard::cli {

inline constexpr int kProgramNotFound = 127;

/// Runs a program found on PATH in `folder` to its end; its output goes to the file `log`. Returns
/// the exit code, 128 + the number of the signal that ended it, or kProgramNotFound.
int run_program(const std::vector<std::string>& arguments, const fs::path& folder,
                const fs::path& log);

/// Starts a program that outlives this one: a session of its own, no inherited terminal, its errors
/// appended to `log`. Returns once it has printed its first line, which is stored in `first_line`;
/// SystemError, with the end of its log, when it ends before.
int start_detached(const std::vector<std::string>& arguments, const fs::path& log,
                   std::string& first_line);

struct ChildSpec {
  std::vector<std::string> arguments;    // the first names a file
  fs::path folder;                       // where it runs
  fs::path log;                          // stdout and stderr are appended; nobody else may read it
  std::vector<std::string> environment;  // "NAME=value", all there is
  bool ends_with_us = true;              // SIGTERM when this process is gone, however it ended
};

/// Starts a program in a session of its own, so that a terminal's Ctrl-C is ours alone. Returns its
/// pid at once: one that cannot run ends with kProgramNotFound.
int start_child(const ChildSpec& spec);

/// The program's file on PATH; "" when there is none.
fs::path find_program(const std::string& name);

int own_pid();

}  // namespace trainyard::cli
