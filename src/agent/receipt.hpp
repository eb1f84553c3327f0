// How an instance ended. The receipt outranks whatever else is known of the instance.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.hpp"

namespace trainyard::agent {

inline constexpr int kReceiptVersion = 1;
inline constexpr std::size_t kReasonBytesMax = 1'000;  // FailureReason holds 1,024 with the kind

struct Receipt {
  std::string host;
  std::string outcome = "succeeded";  // failed, stopped
  std::optional<int> exit_code;       // 128 and the signal's number when one ended the program
  std::optional<int> signal;
  std::string error;                  // the kind of failure; "" when it did not fail
  std::string reason;
  std::optional<int64_t> started_ms;  // of the program
  int64_t ended_ms = 0;
};

json::object to_json(const Receipt& receipt);

}  // namespace trainyard::agent
