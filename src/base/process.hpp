// What a process finds out about itself: its environment, its CPUs, where it was started from.
#pragma once

#include <map>
#include <string>

#include "base/files.hpp"

namespace trainyard {

/// An environment, by name.
using EnvironmentVariables = std::map<std::string, std::string>;

/// That of this process.
EnvironmentVariables own_variables();
/// `otherwise` where the variable is not set, or set to nothing.
std::string value_of(const EnvironmentVariables& variables, const std::string& name,
                     std::string otherwise = "");

/// How many CPUs this process may run on.
int cpus_online();

/// This process's program, as an absolute path without symbolic links.
fs::path own_program();
/// The folder that it lies in: what belongs to it lies beside it.
fs::path own_programs();

}  // namespace trainyard
