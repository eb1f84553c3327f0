// The data that flows through an execution: JSON values, their text, and what can go wrong.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace trainyard::asl {

/// Inputs, outputs and results, in bytes of UTF-8 (Step Functions quotas, "Maximum input or output
/// size for a task, state, or execution").
inline constexpr std::size_t kPayloadBytesMax = 262'144;
/// API model, SensitiveError and SensitiveCause, in characters.
inline constexpr std::size_t kErrorCharsMax = 256;
inline constexpr std::size_t kCauseCharsMax = 32'768;

/// Arrays and objects inside one another. Less than what our own parser takes (kJsonDepthMax), for
/// payloads stand inside other JSON.
inline constexpr int kPayloadDepthMax = 90;

/// An error of the language: a name that retriers and catchers match, and a text for people.
struct Failure {
  std::string error;
  std::string cause;
};

inline constexpr std::string_view kRuntime = "States.Runtime";
inline constexpr std::string_view kTimeout = "States.Timeout";
inline constexpr std::string_view kHeartbeatTimeout = "States.HeartbeatTimeout";
inline constexpr std::string_view kBranchFailed = "States.BranchFailed";
inline constexpr std::string_view kPermissions = "States.Permissions";
inline constexpr std::string_view kTaskFailed = "States.TaskFailed";
inline constexpr std::string_view kAll = "States.ALL";
inline constexpr std::string_view kIntrinsicFailure = "States.IntrinsicFailure";
inline constexpr std::string_view kDataLimitExceeded = "States.DataLimitExceeded";
inline constexpr std::string_view kResultPathMatchFailure = "States.ResultPathMatchFailure";

/// Cut to so many characters.
void clip_to(std::optional<std::string>& text, std::size_t chars);
/// The cause of States.DataLimitExceeded; `who` is a state or what a task calls.
std::string too_large(std::string_view who);

template <class T>
using Result = std::variant<T, Failure>;

/// A lower bound of the text's bytes, without making it.
std::size_t weight_of(const boost::json::value& value);
/// A number without a fraction, of whatever type it is kept in.
std::optional<int64_t> integer_of(const boost::json::value& value);
/// 0 for a scalar, 1 for an array of scalars.
int depth_of(const boost::json::value& value);

}  // namespace trainyard::asl
