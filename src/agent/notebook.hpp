// What a notebook instance has and other instances have not: its folders, and files of the daemon's
// that lead its programs there by AWS's own names.
#pragma once

#include <map>
#include <string>

#include "agent/daemon_link.hpp"
#include "agent/stop.hpp"
#include "compute/sandbox.hpp"

namespace trainyard::agent {

/// Inside a sandbox, as on SageMaker's notebook instances: of the home only the folder stays.
inline constexpr const char* kNotebookUser = "ec2-user";
inline constexpr const char* kNotebookHome = "/home/ec2-user";
inline constexpr const char* kNotebookFolder = "/home/ec2-user/SageMaker";
/// Tells the toolkit where the folder is.
inline constexpr const char* kNotebookFolderVariable = "TRAINYARD_NOTEBOOK_FOLDER";
/// Where the daemon's files are inside a sandbox.
inline constexpr const char* kInsideGiven = "/opt/trainyard/given";

using GivenFiles = std::map<std::string, fs::path>;  // by name, where they lie

/// Asks the daemon for the files that are meant for this instance and writes them to `folder`.
/// Repeats while the daemon is away; Stopped once a stop was asked for. SystemError when the daemon
/// refuses, or names no files.
GivenFiles take_given(DaemonLink& link, const StopSignal& stop, const fs::path& folder);

/// Lays the home out: the volume in it, all else in the scratch folder. Without a sandbox a link
/// stands for the volume.
void lay_out_home(compute::SandboxSpec& spec, const fs::path& volume);

/// The variables that only notebooks have. `given`: as take_given() had it.
std::map<std::string, std::string> notebook_variables(const GivenFiles& given,
                                                      const fs::path& volume, bool sandboxed);

}  // namespace trainyard::agent
