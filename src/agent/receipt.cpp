#include "agent/receipt.hpp"

#include "base/utf8.hpp"

namespace trainyard::agent {

json::object to_json(const Receipt& receipt) {
  auto number = [](const auto& value) {
    return value ? json::value(*value) : json::value(nullptr);
  };
  return {{"version", kReceiptVersion},
          {"host", receipt.host},
          {"outcome", receipt.outcome},
          {"exit_code", number(receipt.exit_code)},
          {"signal", number(receipt.signal)},
          {"error", receipt.error},
          {"reason", valid_utf8(receipt.reason, kReasonBytesMax)},
          {"started", number(receipt.started_ms)},
          {"ended", receipt.ended_ms}};
}

}  // namespace trainyard::agent
