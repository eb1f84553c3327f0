// What is left behind of a program that failed.
#pragma once

#include <string>
#include <string_view>

namespace trainyard::toolkit {

/// SageMaker takes the first 1,024 characters of the failure file as reason; what is longer would
/// lose its end, where the command stands. A few characters are left for who puts the kind of error
/// before it.
inline constexpr std::size_t kFailureBytesMax = 1000;

/// The end of a stream, in bounded memory.
class Tail {
 public:
  explicit Tail(std::size_t keep = kFailureBytesMax) : keep_(keep) {}
  void append(std::string_view bytes);
  /// The last `max` bytes at most, from the beginning of a line where there is one, without blanks
  /// around them.
  std::string last(std::size_t max) const;

 private:
  std::size_t keep_;
  std::string bytes_;
  bool cut_ = false;  // something came before what is kept
};

/// ExecuteUserScriptError, as SageMaker's toolkit writes it.
std::string failure_text(int exit_code, const Tail& errors, const std::string& command);

}  // namespace trainyard::toolkit
