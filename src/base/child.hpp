// What a child of a process with threads may do between fork and exec: bare system calls.
// Sanitizers watch libc's functions for descriptors and signals, and may wait there for ever for a
// lock that another thread held at the fork.
#pragma once

#include <cstddef>
#include <cstdint>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <sys/syscall.h>

namespace trainyard::child {

/// A set of signals as the kernel has it.
using Signals = uint64_t;
constexpr Signals set_of(int signal) { return Signals{1} << (signal - 1); }

/// The system call of that number; -1 with errno as libc's functions.
template <class... Arguments>
long call(long number, Arguments... arguments) {
  return ::syscall(number, arguments...);
}

[[noreturn]] inline void end(int status) {
  for (;;) call(SYS_exit_group, status);
}

inline int open(const char* path, int flags) {
  return static_cast<int>(call(SYS_openat, AT_FDCWD, path, flags, 0));
}

inline bool write(int fd, const void* data, std::size_t size) {
  return call(SYS_write, fd, data, size) == static_cast<long>(size);
}

/// Lets the program inherit a descriptor as it is.
inline bool keep(int fd) { return call(SYS_fcntl, fd, F_SETFD, 0) == 0; }

/// Makes `to` the same file as `from`, and lets the program inherit it.
inline bool put(int from, int to) {
  return from == to ? keep(to) : call(SYS_dup3, from, to, 0) >= 0;
}

/// Every signal does again what it does by default, and those in `blocked` wait.
inline void reset_signals(Signals blocked) {
  constexpr uint64_t kDefault[4]{};  // the kernel's struct sigaction with SIG_DFL
  for (int signal = 1; signal < NSIG; ++signal) {
    call(SYS_rt_sigaction, signal, kDefault, nullptr, sizeof(Signals));
  }
  call(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, nullptr, sizeof blocked);
}

}  // namespace trainyard::child
