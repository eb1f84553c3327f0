#include "toolkit/command.hpp"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "runtimes/variables.hpp"
#include "toolkit/interpreter.hpp"

namespace trainyard::toolkit {
namespace {

constexpr std::size_t kListedMax = 20;  // names in a message
constexpr mode_t kEveryoneRuns = 0755;
constexpr std::string_view kPythonSuffix = ".py";
constexpr const char* kTorchPackage = "torch";

const char* name_of(Mode mode) { return mode == Mode::train ? "train" : "serve"; }

Kind kind_of(const fs::path& file) {
  char magic[4] = {};
  std::ifstream(file, std::ios::binary).read(magic, sizeof magic);
  return std::string_view(magic, sizeof magic) == "\x7f"
                                                  "ELF"
             ? Kind::executable
             : Kind::script;
}

std::string listing(const fs::path& folder) {
  std::error_code failure;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    names.push_back(entry->path().filename().string() +
                    (entry->is_directory(failure) ? "/" : ""));
  }
  if (failure) return fmt::format("{} does not exist", folder.string());
  if (names.empty()) return fmt::format("{} is empty", folder.string());
  std::sort(names.begin(), names.end());
  const std::size_t more = names.size() > kListedMax ? names.size() - kListedMax : 0;
  names.resize(names.size() - more);
  return fmt::format("{} holds {}{}", folder.string(), join(names, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

void check_name(const std::string& program) {
  const fs::path path(program);
  const bool climbs = std::find(path.begin(), path.end(), "..") != path.end();
  if (path.is_absolute() || climbs) {
    throw SystemError("The entry point must be a path within the code folder, not " + program);
  }
}

bool is_package(const fs::path& folder) {
  return fs::exists(folder / "setup.py") || fs::exists(folder / "pyproject.toml");
}

/// What `python -m` calls a file of a package.
std::string module_name(std::string program) {
  if (program.starts_with("./")) program.erase(0, 2);
  if (program.ends_with(kPythonSuffix)) program.resize(program.size() - kPythonSuffix.size());
  std::replace(program.begin(), program.end(), '/', '.');
  return program;
}

Command python_command(const std::string& program, Kind kind, const fs::path& folder,
                       const std::vector<std::string>& arguments,
                       const std::string& interpreter) {
  Command command{.folder = folder, .interpreter = interpreter, .package = kind == Kind::module};
  command.argv = {interpreter};
  if (command.package) {
    command.argv.insert(command.argv.end(), {"-m", module_name(program)});
  } else {
    command.argv.push_back(program);
  }
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.text = join(command.argv, " ");
  return command;
}

}  // namespace

bool is_served_by_worker(const std::string& program, const fs::path& model) {
  if (program.ends_with(kPythonSuffix)) return true;
  const std::string name = program.empty() ? name_of(Mode::serve) : program;
  if (fs::is_regular_file(model / "code" / name) || fs::is_regular_file(model / name)) {
    return false;
  }
  return program.empty() || fs::is_regular_file(model / "code" / (program + ".py"));
}

bool is_served_without_code(const std::string& program, const fs::path& model,
                            const Variables& given) {
  const std::string package = value_of(given, runtimes::kPackageVariable);
  std::error_code missing;
  return program.empty() && is_served_by_worker(program, model) &&
         (!fs::exists(model / "code", missing) || fs::is_empty(model / "code", missing)) &&
         (package.empty() || package == kTorchPackage) &&
         value_of(given, "SM_NUM_GPUS", "0") == "0";
}

std::string shell_quoted(const std::string& text) {
  auto plain = [](unsigned char c) {
    return std::isalnum(c) || std::string_view("@%_-+=:,./").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
  return "'" + replace_all(text, "'", "'\"'\"'") + "'";
}

Command command_for(Mode mode, const std::string& program, Kind kind, const fs::path& folder,
                    const std::vector<std::string>& arguments,
                    const std::string& interpreter) {
  if (kind == Kind::program || kind == Kind::module) {
    return python_command(program, kind, folder, arguments, interpreter);
  }
  const std::vector<std::string> words =
      mode == Mode::train ? arguments : std::vector<std::string>{name_of(mode)};
  Command command{.folder = folder};
  if (kind == Kind::executable) {
    command.argv = {"./" + program, name_of(mode)};
    if (mode == Mode::train) command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.text = join(command.argv, " ");
    return command;
  }
  std::string line = "./" + shell_quoted(program);
  for (const std::string& word : words) line += " " + shell_quoted(word);
  // `exec`: signals must reach the script, not a shell that waits for it.
  command.argv = {"/bin/sh", "-c", "exec " + line};
  command.text = "/bin/sh -c " + line;
  return command;
}

Command find_command(Mode mode, const std::string& program, const std::vector<fs::path>& folders,
                     const std::vector<std::string>& arguments, const Variables& given) {
  if (!program.empty()) check_name(program);
  const std::string name = program.empty() ? name_of(mode) : program;
  for (const fs::path& folder : folders) {
    const fs::path file = folder / name;
    struct stat info {};
    const bool there = ::stat(file.c_str(), &info) == 0 && S_ISREG(info.st_mode);
    if (mode == Mode::train && !program.empty() && is_package(folder) &&
        (!there || name.ends_with(kPythonSuffix))) {
      // Its module may come to be only where it is installed.
      return command_for(mode, name, Kind::module, folder, arguments, find_interpreter(given));
    }
    if (!there) continue;
    if (name.ends_with(kPythonSuffix)) {
      return command_for(mode, name, Kind::program, folder, arguments, find_interpreter(given));
    }
    if ((info.st_mode & S_IXUSR) == 0 && ::chmod(file.c_str(), kEveryoneRuns) != 0) {
      throw_errno("cannot make " + file.string() + " executable");
    }
    return command_for(mode, name, kind_of(file), folder, arguments);
  }
  std::string found;
  for (const fs::path& folder : folders) found += (found.empty() ? "" : "; ") + listing(folder);
  if (!program.empty()) {
    throw SystemError(fmt::format("The entry point {} does not exist: {}.", program, found));
  }
  throw SystemError(fmt::format(
      "Nothing names an entry point ({}), and there is no file named {}: {}.",
      mode == Mode::train ? "hyperparameter sagemaker_program or variable SAGEMAKER_PROGRAM"
                          : "variable SAGEMAKER_PROGRAM",
      name, found));
}

}  // namespace trainyard::toolkit
