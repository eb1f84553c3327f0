// `trainyard init`: the roles of the tutorial's Setup.
#pragma once

#include "base/files.hpp"

namespace trainyard::cli {

/// Makes both roles, or brings those that are there to what the Setup says, and prints their ARNs
/// and the commands that come next. Twice is as once.
int init(const fs::path& data);

}  // namespace trainyard::cli
