// Runs the training program: its output goes through, signals reach it, its children are reaped.
#pragma once

#include <map>
#include <string>

#include "toolkit/command.hpp"
#include "toolkit/failure.hpp"
#include "toolkit/settings.hpp"

namespace trainyard::toolkit {

struct Ending {
  int exit_code = 0;            // 128 + the number of the signal that ended it
  bool asked_to_stop = false;   // a SIGTERM or SIGINT was passed on to it
};

/// Runs the command to its end with this process's environment and `variables`. Its stdout is ours;
/// its stderr goes to ours by way of `errors`. Processes that it leaves behind are not waited for.
/// SystemError when it cannot be started.
Ending supervise(const Command& command, const Variables& variables, Tail& errors);

/// Becomes the command. SystemError when it cannot be started.
[[noreturn]] void become(const Command& command, const Variables& variables);

}  // namespace trainyard::toolkit
