// How the SageMaker SDKs write values into strings.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace trainyard::sdk {

/// As Python's json.dumps(value): ", " and ": " as separators, everything past ASCII escaped.
std::string python_json(const json::value& value);

/// Hyperparameters travel as a map of strings, each of them JSON: 6 → `6`, "gloo" → `"gloo"`.
json::object encode_hyperparameters(const json::object& values);
/// The reverse; a value that is not JSON is taken as a string (tuned values arrive so).
json::object decode_hyperparameters(const json::object& texts);

/// "pytorch-training-2026-11-23-00-19-22-977": `base` and the time in UTC, cut to `max` characters
/// at the end of `base`.
std::string name_with_time(const std::string& base, Time now, std::size_t max = 63);

/// "2026-11-23-00-15-52" in the machine's time zone.
std::string local_timestamp(Time now);

/// `prefix` and `rest` with exactly one slash between them.
std::string join_uri(std::string_view prefix, std::string_view rest);

}  // namespace trainyard::sdk
