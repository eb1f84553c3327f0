// `trainyard notebook`: the user's Jupyter behind our front door.
#pragma once

#include <string>
#include <vector>

#include "base/files.hpp"

namespace trainyard::cli {

struct NotebookOptions {
  fs::path data;
  std::string role;
  int sdk = 1;  // as EnvOptions'
  fs::path folder = ".";
  std::string listen;              // HOST:PORT; "": a loopback port
  std::vector<std::string> hosts;  // further names under which it may be reached
  bool browser = true;             // open one, where there is a desktop
};

/// Runs until Ctrl-C, SIGTERM, or Jupyter's own end; returns the exit code. SystemError or ApiError
/// when no daemon runs, the role cannot be had, or there is no Jupyter.
int run_notebook(const NotebookOptions& options);

}  // namespace trainyard::cli
