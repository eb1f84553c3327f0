// Histories as they are stored: payloads that several events share stand once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "asl/execution.hpp"
#include "services/call.hpp"

namespace trainyard::states {

void append_history(Txn& txn, int64_t execution, const std::vector<asl::HistoryEvent>& events);

/// Up to `limit` events after `position` (0: from the start) in the order of their ids, or
/// backwards from there. Without `payloads`, inputs, outputs and parameters are left out.
struct HistoryPage {
  int64_t execution = 0;
  std::optional<int64_t> position;
  bool backwards = false;
  bool payloads = true;
  int limit = 0;
};
std::vector<asl::HistoryEvent> read_history(Txn& txn, const HistoryPage& page);

}  // namespace trainyard::states
