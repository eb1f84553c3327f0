// How long executions run and are kept: a year at most, and 90 days after their end.
#pragma once

#include "services/states/rows.hpp"

namespace trainyard::states {

/// Removes an execution, or all of a machine's, with what belongs to them.
void remove_execution(Txn& txn, int64_t execution);
void remove_executions_of(Txn& txn, int64_t machine);

/// Whether its name is free again, although no sweep has removed it yet.
bool is_forgotten(const ExecutionRow& execution, const Call& call);

/// Posts the first sweep of a data folder; each posts the next.
void begin_sweeps(Call& call);

/// ExecutionLimitExceeded when as many executions are open as may be.
void check_open_executions(Call& call);

}  // namespace trainyard::states
