// The code archive of a job: sourcedir.tar.gz.
#pragma once

#include <string>
#include <vector>

#include "base/files.hpp"

namespace trainyard::sdk {

/// What runs: a script, or an executable program.
struct SourceCode {
  std::string entry_point;                // path; relative to source_dir when that is given
  std::string source_dir;                 // "": the entry point alone is packed
  std::vector<std::string> dependencies;  // files or folders to lay beside it (shared libraries)
};

/// What the entry point is called inside the archive. SystemError when it is not there.
std::string program_name(const SourceCode& code);

/// Writes the archive to `target`: the entry point (or the content of source_dir) at the root, then
/// the dependencies. What may be executed has mode 0755, all else 0644; owners are not recorded.
void pack_source(const SourceCode& code, const fs::path& target);

}  // namespace trainyard::sdk
