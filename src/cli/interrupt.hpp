// Ctrl-C, for commands that end in order.
#pragma once

#include <exception>

namespace trainyard::cli {

inline constexpr int kInterruptedCode = 130;  // as a shell reports SIGINT

/// Ctrl-C was pressed.
class Interrupted : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

/// From here on Ctrl-C is noticed by check_interrupt(); a second one ends the process.
void catch_interrupts();
bool is_interrupted();
/// Throws Interrupted once Ctrl-C was pressed.
void check_interrupt();

}  // namespace trainyard::cli
