// Python programs: what runs them, and what they need installed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "toolkit/command.hpp"
#include "toolkit/failure.hpp"
#include "toolkit/settings.hpp"

namespace trainyard::toolkit {

/// The absolute path of TRAINYARD_PYTHON, python3 unless it is set; a bare name is looked up on the
/// PATH. SystemError when there is no such program.
std::string find_interpreter(const Variables& given);

/// PURE: one line for the log: what the image asked for and what runs in its place. `python` and
/// `version` are the interpreter's answers, "" where it gave none.
std::string substitution(const Variables& given, const std::string& interpreter,
                         const std::string& python, const std::string& version);

/// What there is to be installed for a Python program, and how; nothing for most.
struct Installation {
  Command command;      // pip
  std::string what;     // "requirements.txt", "the package in /opt/ml/code"
  std::string error;    // SageMaker's name for its failure
  fs::path prefix;      // where it goes
};
/// How much of the end of pip's stderr tells why: its complaints about a network are long.
inline constexpr std::size_t kInstallationErrorBytes = 16 * 1024;
std::optional<Installation> installation_for(const Command& program, const fs::path& base);

/// One line that says why it failed, from the end of pip's stderr.
std::string installation_failure(const Installation& installation, const Tail& errors);

/// The folders under the prefix that Python must search, and those with programs.
std::vector<fs::path> installed_modules(const fs::path& prefix);
std::vector<fs::path> installed_programs(const fs::path& prefix);
/// "name version" of what lies there, in order.
std::vector<std::string> installed_packages(const fs::path& prefix);

/// PURE: a hint for the log when the program failed for want of a module; "" when it did not.
std::string missing_module(const Tail& errors, const std::string& interpreter);

}  // namespace trainyard::toolkit
