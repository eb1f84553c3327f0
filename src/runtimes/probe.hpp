// What an interpreter is and has.
#pragma once

#include <string>

#include "base/files.hpp"

namespace trainyard::runtimes {

struct Findings {
  std::string python;   // its version: "3.11.2"
  std::string version;  // of the package; "" when it is not installed
  std::string problem;  // why there is no answer, or why the module cannot be imported
};

/// Runs `interpreter` on the probe in `programs` (the folder of this program). `package` may be "".
/// With `import`, the package's module is really loaded, which may take seconds.
Findings probe(const std::string& interpreter, const fs::path& programs,
               const std::string& package, bool import);

}  // namespace trainyard::runtimes
