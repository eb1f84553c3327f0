// What a child of a process with threads may do between fork and exec: bare system calls. What hangs
// on libc's functions (a sanitizer watches most of them) may wait there for a lock that another
// thread held at the fork, for ever.
#pragma once

#include <unistd.h>

#include <sys/syscall.h>

namespace trainyard {

/// The system call of that number, unwatched.
template <class... Arguments>
long bare(long number, Arguments... arguments) {
  return ::syscall(number, arguments...);
}

/// Ends the child.
[[noreturn]] inline void end_child(int status) {
  for (;;) bare(SYS_exit_group, status);
}

}  // namespace trainyard
