// Named points at which a crash must lose nothing. The fault tests stop the process at each.
#pragma once

namespace trainyard {

/// Passed by at every commit, perform, spawn and rename of the daemon. Does nothing unless the
/// environment asks: TRAINYARD_POINTS_LOG=FILE appends the name at each passage;
/// TRAINYARD_CRASH_AT=NAME:N ends the process with SIGKILL at the N-th passage (1 is the first).
void crash_point(const char* name);

}  // namespace trainyard
