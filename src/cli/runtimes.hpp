// `trainyard runtimes`.
#pragma once

#include "base/files.hpp"

namespace trainyard::cli {

/// Prints a line a runtime of the daemon on that folder, whether or not one runs, with what its
/// interpreter answers. `quick` looks packages up without importing them. 1 when one of the user's
/// own does not work; those that are part of the program depend on what is installed.
int list_runtimes(const fs::path& data_dir, bool quick);

}  // namespace trainyard::cli
