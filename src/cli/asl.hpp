// `trainyard asl`: check, draw and run definitions in the Amazon States Language without a server.
#pragma once

#include <iosfwd>
#include <string>

namespace CLI {
class App;
}

namespace trainyard::cli {

inline constexpr int kUsageCode = 2;  // what was asked for could not even begin

struct AslOptions {
  std::string definition;  // a file, or "-"
  bool json = false;       // validate
  std::string drawing;     // graph: a file, or "-"; "" draws on the terminal
  std::string input = "{}";
  std::string mocks;     // a file; "" for none
  std::string endpoint;  // of a daemon; "" for none
  bool skip_waits = false;
  bool history = false;
  bool quiet = false;
};

void add_asl_options(CLI::App& asl, AslOptions& options);

/// Runs the subcommand that was named. validate: 1 when the definition has errors. run: 0 when the
/// execution succeeded, 1 when it did not, kUsageCode when it could not begin.
int run_asl(const CLI::App& asl, const AslOptions& options);

}  // namespace trainyard::cli
