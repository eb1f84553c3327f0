#include "cli/runtimes.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "base/command.hpp"
#include "base/error.hpp"
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

/// Whether it works, and what is to be said of it.
struct Verdict {
  bool works = false;
  std::string text;
};

Verdict try_interpreter(const runtimes::Runtime& runtime, bool quick) {
  runtimes::Findings found =
      runtimes::probe(runtime.interpreter, own_programs(), runtime.package, !quick);
  if (found.problem.empty()) found.problem = missing_inside(runtime);
  return {found.problem.empty(), runtime.interpreter + "  " + state_of(runtime, found)};
}

/// The image that an entry names; "" when each of its own images runs, whichever it is.
std::string only_image(const runtimes::Runtime& runtime) {
  if (!runtime.image.empty()) return runtime.image;
  const bool pattern = runtime.images.front().find_first_of("*?[") != std::string::npos;
  return runtime.images.size() > 1 || pattern ? "" : runtime.images.front();
}

Verdict try_podman(const runtimes::Runtime& runtime) {
  const std::string image = only_image(runtime);
  std::string text = "OCI image" + (runtime.image.empty() ? "" : " " + image) + "  ";
  try {
    const Finished version = run_command({"podman", "--version"});
    if (version.status != 0) return {false, text + std::string(trim(version.err))};
    text += trim(version.out);
    if (image.empty()) return {true, text};
    const bool there = run_command({"podman", "image", "exists", "--", image}).status == 0;
    return {true, text + (there ? ", has it" : ", pulls it when it is asked for")};
  } catch (const SystemError& error) {
    return {false, text + "podman: " + error.what() + " (script/bootstrap --images installs it)"};
  }
}

}  // namespace

int list_runtimes(const fs::path& data_dir, bool quick) {
  const runtimes::Table table = server::runtimes_of(data_dir);
  const std::string own = (data_dir / "runtimes.toml").string();
  bool well = true;
  for (const runtimes::Runtime& runtime : table.entries()) {
    const Verdict verdict = runtime.oci ? try_podman(runtime) : try_interpreter(runtime, quick);
    if (!verdict.works && runtime.source == own) well = false;
    fmt::print("{:<4} {:<14} {}\n", verdict.works ? "ok" : "no", runtime.name, verdict.text);
    fmt::print("     {:<14} {}\n", "", join(runtime.images, " "));
  }
  return well ? 0 : 1;
}

}  // namespace trainyard::cli
