// Calls of intrinsic functions: `States.Format('{} of {}', $.name, States.ArrayLength($.list))`
// (ASL specification, "Intrinsic Functions").
#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "asl/path.hpp"
#include "asl/payload.hpp"
#include "base/random.hpp"

namespace trainyard::asl {

/// Calls inside one another (Step Functions Developer Guide, "Intrinsic functions": "nest up to
/// 10").
inline constexpr int kIntrinsicDepthMax = 10;

/// A checked call: the function exists and has as many arguments as it takes. These are strings in
/// single quotes, in which a backslash stands before ' { } and itself; numbers, true, false, null;
/// paths; calls.
class Intrinsic {
 public:
  struct Refusal {
    std::string reason;    // one line, with the offset
    std::string variable;  // "$x", when one is read: paths are all that may begin so
  };
  static bool is_call(std::string_view text) { return text.starts_with("States."); }
  static std::optional<Intrinsic> parse(std::string_view text, Refusal* refusal = nullptr);

  const std::string& text() const { return text_; }

  /// The value, or a failure: States.IntrinsicFailure when a function does not take its arguments,
  /// States.Runtime when a path leads nowhere, States.DataLimitExceeded when arguments together
  /// are larger than any payload. The cause lacks the sentence that names the state. TooManyVisits.
  Result<boost::json::value> evaluate(const Scope& scope, Random& random) const;

 private:
  friend class IntrinsicParser;
  friend class IntrinsicCall;
  struct Call;

  std::string text_;
  std::shared_ptr<const Call> call_;
};

}  // namespace trainyard::asl
