// How an entry point is run, and what to say when it cannot be.
#pragma once

#include <string>
#include <vector>

#include "base/files.hpp"
#include "toolkit/settings.hpp"

namespace trainyard::toolkit {

enum class Mode { train, serve };

struct Command {
  std::vector<std::string> argv;
  fs::path folder;   // working directory
  std::string text;  // as SageMaker's toolkit shows it
  std::string interpreter;  // of a Python program; "" for any other
  bool package = false;     // of a Python program: the folder is to be installed
};

/// What kind of file an entry point is.
enum class Kind {
  executable,  // ELF
  script,      // anything else that the shell can start
  program,     // NAME.py, run by the interpreter
  module,      // of a package (setup.py or pyproject.toml): run by `python -m`
};

/// PURE: the command for `program`, a path in `folder`. An executable is told train or serve and,
/// when it trains, the arguments; a script gets the arguments, or `serve`, by way of /bin/sh. A
/// Python program is run by `interpreter`.
Command command_for(Mode mode, const std::string& program, Kind kind, const fs::path& folder,
                    const std::vector<std::string>& arguments,
                    const std::string& interpreter = "");

/// Finds `program` in the first of `folders` that holds it ("": a file named like the mode) and
/// makes it executable. `given`: the environment, for the interpreter. SystemError names what is
/// missing, and lists what is there instead.
Command find_command(Mode mode, const std::string& program, const std::vector<fs::path>& folders,
                     const std::vector<std::string>& arguments, const Variables& given);

/// Whether a model is for the model server and its workers: `program` (SAGEMAKER_PROGRAM) is a file
/// or module of Python, or nothing names a program and the model brings no file `serve`.
bool is_served_by_worker(const std::string& program, const fs::path& model);

/// Whether such a model has no code of its user's at all, and is for the server of TorchScript
/// models: nothing names a program, the folder `code` has nothing, and the instance's image is
/// PyTorch's, or one that names no framework. An instance with GPUs is not: that server has CPUs.
bool is_served_without_code(const std::string& program, const fs::path& model,
                            const Variables& given);

/// For /bin/sh; texts that need no quotes stay as they are.
std::string shell_quoted(const std::string& text);

}  // namespace trainyard::toolkit
