// The eighteen intrinsic functions as a table. Internal to intrinsic.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hpp"
#include "base/random.hpp"

namespace trainyard::asl {

/// Of States.ArrayRange (Step Functions Developer Guide, "Intrinsics for arrays").
inline constexpr int64_t kArrayRangeItemsMax = 1'000;
/// Of what is encoded, decoded or hashed (same guide, "Intrinsics for data encoding and decoding").
inline constexpr std::size_t kEncodedCharsMax = 10'000;

/// Why a function does not take its arguments, as in "Invalid arguments in States.ArrayLength:
/// argument 1 is no array".
struct Rejected {
  std::string reason;
  std::string_view subject = "arguments";  // or "template"
};
using Computed = std::variant<json::value, Rejected>;
using Arguments = std::vector<json::value>;

struct IntrinsicFunction {
  std::string_view name;  // "States.MathAdd"
  std::size_t arguments_min, arguments_max;
  /// As many arguments as the row says. All but States.MathRandom and States.UUID leave chance
  /// alone.
  Computed (*compute)(const Arguments& arguments, Random& random);
  /// Its first argument keeps the escapes of a literal: States.Format reads them itself.
  bool takes_template = false;
};
/// nullptr when there is no such function.
const IntrinsicFunction* find_intrinsic(std::string_view name);

/// What a backslash may stand before in a string: ' { } and itself.
bool is_escapable(char c);

}  // namespace trainyard::asl
