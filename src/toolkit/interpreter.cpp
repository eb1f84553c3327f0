#include "toolkit/interpreter.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "runtimes/variables.hpp"

namespace trainyard::toolkit {
namespace {

constexpr const char* kDefaultInterpreter = "python3";
constexpr const char* kRequirements = "requirements.txt";
constexpr const char* kUnreachable[] = {"NewConnectionError", "NameResolutionError",
                                        "ConnectTimeoutError", "Failed to establish",
                                        "Network is unreachable", "ProxyError"};

bool can_run(const fs::path& file) {
  std::error_code error;
  return fs::is_regular_file(file, error) && ::access(file.c_str(), X_OK) == 0;
}

/// pip's own word for it: the last line that begins so, else the last of all.
std::string last_error(const std::string& text) {
  std::string last;
  for (const std::string& line : split(text, '\n')) {
    if (line.starts_with("ERROR: ")) last = line.substr(7);
  }
  if (last.empty()) last = text.substr(text.rfind('\n') == std::string::npos
                                           ? 0
                                           : text.rfind('\n') + 1);
  return std::string(trim(last));
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_directory()) found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

std::string find_interpreter(const Variables& given) {
  const std::string wanted = value_of(given, runtimes::kInterpreterVariable, kDefaultInterpreter);
  if (wanted.find('/') != std::string::npos) {
    if (can_run(wanted)) return wanted;
    throw SystemError(fmt::format(
        "There is no Python interpreter {} in this instance, which {} names: `trainyard runtimes` "
        "tells which there are.", wanted, runtimes::kInterpreterVariable));
  }
  const std::string path = value_of(given, "PATH");
  for (const std::string& folder : split(path, ':')) {
    if (!folder.empty() && can_run(fs::path(folder) / wanted)) return fs::path(folder) / wanted;
  }
  throw SystemError(fmt::format(
      "There is no Python interpreter {} on this instance's PATH ({}): install it on the host, or "
      "name another in runtimes.toml.", wanted, path));
}

std::string substitution(const Variables& given, const std::string& interpreter,
                         const std::string& python, const std::string& version) {
  std::string image = value_of(given, runtimes::kImageVariable);
  image = image.substr(image.rfind('/') == std::string::npos ? 0 : image.rfind('/') + 1);
  const std::string runs = fmt::format("{}{}", interpreter,
                                       python.empty() ? "" : " (Python " + python + ")");
  const std::string framework = value_of(given, runtimes::kFrameworkVariable);
  if (framework.empty()) {
    return image.empty() ? "Running on " + runs
                         : fmt::format("Image {} is in no runtimes table: running on {}", image,
                                       runs);
  }
  const std::string asked = value_of(given, runtimes::kAskedVariable);
  const std::string has =
      version.empty() ? fmt::format("and {} is not installed there",
                                    value_of(given, runtimes::kPackageVariable))
                      : "running " + version;
  return fmt::format("Image {} is this host's {}: asked {}{}, {}", image, runs, framework,
                     asked.empty() ? "" : " " + asked, has);
}

std::optional<Installation> installation_for(const Command& program, const fs::path& base) {
  const bool requirements = fs::is_regular_file(program.folder / kRequirements);
  if (program.interpreter.empty() || (!program.package && !requirements)) return std::nullopt;
  Installation installation{.prefix = base / "packages"};
  Command& pip = installation.command;
  pip.folder = program.folder;
  pip.interpreter = program.interpreter;
  pip.argv = {program.interpreter, "-m", "pip", "install", "--prefix", installation.prefix,
              "--disable-pip-version-check", "--no-input", "--no-warn-script-location",
              "--retries", "1"};
  if (program.package) {
    // With what the interpreter has: a build of its own would need the network even where the
    // package itself needs nothing.
    pip.argv.insert(pip.argv.end(), {"--no-build-isolation", "."});
  }
  if (requirements) pip.argv.insert(pip.argv.end(), {"-r", kRequirements});
  pip.text = fmt::format("{} -m pip install{}{}", program.interpreter, program.package ? " ." : "",
                         requirements ? " -r requirements.txt" : "");
  installation.what = requirements ? (program.package ? "the package and its requirements.txt"
                                                      : kRequirements)
                                   : "the package in " + program.folder.string();
  installation.error = program.package ? "InstallModuleError" : "InstallRequirementsError";
  return installation;
}

std::string installation_failure(const Installation& installation, const Tail& errors) {
  const std::string text = errors.last(kInstallationErrorBytes);
  const std::string& interpreter = installation.command.interpreter;
  std::string why = last_error(text);
  if (why.ends_with("No module named pip")) {
    why = fmt::format("{} has no pip (Debian: python3-pip)", interpreter);
  } else if (std::any_of(std::begin(kUnreachable), std::end(kUnreachable), [&](const char* sign) {
               return text.find(sign) != std::string::npos;
             })) {
    why = fmt::format("{} does not have all that it needs, and no package index can be reached "
                      "from this instance: {}", interpreter, why);
  }
  return fmt::format("{}: cannot install {}: {}", installation.error, installation.what, why);
}

std::vector<fs::path> installed_modules(const fs::path& prefix) {
  std::vector<fs::path> found;
  for (const char* library : {"lib", "lib64", "local/lib", "local/lib64"}) {
    for (const fs::path& python : folders_in(prefix / library)) {
      for (const char* name : {"site-packages", "dist-packages"}) {
        if (fs::is_directory(python / name)) found.push_back(python / name);
      }
    }
  }
  return found;
}

std::vector<fs::path> installed_programs(const fs::path& prefix) {
  std::vector<fs::path> found;
  for (const char* name : {"bin", "local/bin"}) {
    if (fs::is_directory(prefix / name)) found.push_back(prefix / name);
  }
  return found;
}

std::vector<std::string> installed_packages(const fs::path& prefix) {
  std::vector<std::string> found;
  for (const fs::path& modules : installed_modules(prefix)) {
    for (const fs::path& folder : folders_in(modules)) {
      const std::string stem = folder.stem().string();
      const std::size_t dash = stem.find('-');
      if (folder.extension() != ".dist-info" || dash == std::string::npos) continue;
      found.push_back(stem.substr(0, dash) + " " + stem.substr(dash + 1));
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string missing_module(const Tail& errors, const std::string& interpreter) {
  constexpr std::string_view kSign = "ModuleNotFoundError: No module named '";
  const std::string text = errors.last(kFailureBytesMax);
  const std::size_t begin = text.rfind(kSign);
  if (begin == std::string::npos) return "";
  const std::size_t name = begin + kSign.size();
  const std::size_t end = text.find('\'', name);
  if (end == std::string::npos) return "";
  return fmt::format("{} has no module '{}': name its package in requirements.txt, or install it "
                     "on this host.", interpreter, text.substr(name, end - name));
}

}  // namespace trainyard::toolkit
