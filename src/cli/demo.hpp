// `trainyard demo mnist`: from nothing to recognised digits, over the public API alone.
#pragma once

#include <string>

#include "base/files.hpp"

namespace CLI {
class App;
}

namespace trainyard::cli {

struct DemoOptions {
  std::string data;                    // "": the daemon's default folder
  std::string listen = "127.0.0.1:0";  // when a daemon has to be started
  std::string program;                 // "": `mnist` beside this program
  int epochs = 6;
  int instances = 2;
  std::string instance_type = "ml.c4.xlarge";
  bool remove = false;
};

/// Adds the demonstrations as subcommands of `demo`, one of which must be named.
void add_demo_options(CLI::App& demo, DemoOptions& options);

/// Runs it. Its last line says "demo: ok …", and it returns 0; or "demo: failed: …", and 1.
int run_demo(const DemoOptions& options);

}  // namespace trainyard::cli
