// What must hold for every execution that has ended, however much went wrong on its way.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "generated/states/types.hpp"
#include "store/txn.hpp"

namespace trainyard::states::simulation {

/// One line a fault; empty when all is well.
using Faults = std::vector<std::string>;

/// Ids without gaps from 1, causes before effects and of the right types, time that only goes on,
/// one end, of the kind that `status` names, and nothing left that was not entered.
Faults check_history(const std::vector<HistoryEvent>& events, const std::string& status);

/// `calls` are the names of all calls that the world saw: none of them twice, none that was not
/// scheduled, and one for each task that the history says has succeeded.
Faults check_calls(const std::vector<std::string>& calls,
                   const std::vector<std::vector<HistoryEvent>>& histories);

/// Rows that an ended execution leaves behind: timers, messages, waits.
Faults check_leftovers(Txn& txn);

/// Rows that a deleted machine leaves behind.
Faults check_emptiness(Txn& txn);

/// An output or a cause without what may differ between two runs: times, ids of events and
/// requests, and the names of calls.
std::string masked(std::string text);

}  // namespace trainyard::states::simulation
