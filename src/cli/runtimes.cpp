#include "cli/runtimes.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "base/process.hpp"
#include "base/text.hpp"
#include "runtimes/probe.hpp"
#include "server/daemon.hpp"

namespace trainyard::cli {
namespace {

std::string state_of(const runtimes::Runtime& runtime, const runtimes::Findings& found) {
  if (found.python.empty()) return found.problem;
  std::string text = "Python " + found.python;
  if (!runtime.framework.empty()) {
    text += ", " + runtime.framework + (found.version.empty() ? "" : " " + found.version);
  }
  return text + (found.problem.empty() ? "" : ": " + found.problem);
}

/// What an instance would miss although this process does not.
std::string missing_inside(const runtimes::Runtime& runtime) {
  for (const std::string& folder : runtime.folders) {
    if (!fs::is_directory(folder)) return "there is no folder " + folder;
  }
  std::error_code error;
  const fs::path real = fs::canonical(runtime.interpreter, error);
  if (!error && !runtimes::is_seen(runtime, real)) {
    return "it leads to " + real.string() + ", which instances do not see: name its folder in "
           "folders";
  }
  return "";
}

}  // namespace

int list_runtimes(const fs::path& data_dir, bool quick) {
  const runtimes::Table table = server::runtimes_of(data_dir);
  const std::string own = (data_dir / "runtimes.toml").string();
  bool well = true;
  for (const runtimes::Runtime& runtime : table.entries()) {
    runtimes::Findings found =
        runtimes::probe(runtime.interpreter, own_programs(), runtime.package, !quick);
    if (found.problem.empty()) found.problem = missing_inside(runtime);
    const bool works = found.problem.empty();
    if (!works && runtime.source == own) well = false;
    fmt::print("{:<4} {:<14} {}  {}\n", works ? "ok" : "no", runtime.name, runtime.interpreter,
               state_of(runtime, found));
    fmt::print("     {:<14} {}\n", "", join(runtime.images, " "));
  }
  return well ? 0 : 1;
}

}  // namespace trainyard::cli
