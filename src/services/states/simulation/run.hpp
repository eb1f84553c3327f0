// One run of a plan, from the machine's creation to the end of everything that it began.
#pragma once

#include <string>

#include "services/states/simulation/checks.hpp"
#include "services/states/simulation/disturbances.hpp"
#include "services/states/simulation/plan.hpp"
#include "services/states/simulation/stage.hpp"

namespace trainyard::states::simulation {

/// How the execution has ended, and what was wrong on the way.
struct Ending {
  std::string status;
  std::string output, error, cause;  // masked
  std::string history;               // as GetExecutionHistory gives it, if it is wanted
  Faults faults;
  std::vector<HistoryEvent> events;  // the history once more
  int transactions = 0;
};

Ending run(Stage& stage, const Plan& plan, Disturbances disturbances, uint64_t seed,
           bool want_history);

}  // namespace trainyard::states::simulation
