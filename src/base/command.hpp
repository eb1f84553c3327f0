// Other programs, run to their end for what they print.
#pragma once

#include <string>
#include <vector>

namespace trainyard {

struct Finished {
  int status = 0;  // its exit code, or 128 + the number of the signal that ended it
  std::string out;
  std::string err;
};

/// Runs `words` (the program is looked up on the PATH) with this process's environment and without
/// input. The first megabyte of each of its outputs is kept. It is killed, with all of its process
/// group, once the descriptor `cancel` is readable (-1: never). SystemError when it cannot be
/// started.
Finished run_command(const std::vector<std::string>& words, int cancel = -1);

/// The last line of `text` that is not blank: most programs end with what is wrong.
std::string last_line(const std::string& text);

}  // namespace trainyard
