// `trainyard console`: a link that opens the console, once.
#pragma once

#include "base/files.hpp"

namespace trainyard::cli {

/// Prints a link for root of the daemon on `data`, and opens it unless `print_only`. SystemError or
/// ApiError, and nothing on stdout, when there is none to be had.
int open_console(const fs::path& data, bool print_only);

}  // namespace trainyard::cli
