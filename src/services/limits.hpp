// How much an account may have, and for how long: AWS's values, by service. They are a part of the
// site, so that a test can lower one for itself.
#pragma once

#include <chrono>
#include <cstdint>

namespace trainyard {

struct Limits {
  /// Step Functions Developer Guide, "Step Functions service quotas", unless said otherwise.
  struct States {
    int64_t machines = 100'000;
    int64_t activities = 100'000;
    int64_t open_executions = 1'000'000;
    int64_t versions = 1'000;  // of one state machine, as the aliases
    int64_t aliases = 100;
    int64_t tags = 50;        // of one resource
    int64_t pollers = 1'000;  // workers that wait for tasks of one activity
    std::chrono::hours execution_time{24 * 365};
    /// After an execution's end; its name is free then.
    std::chrono::hours history_retention{24 * 90};
    /// API reference, "RedriveExecution": how long after its end an execution can be redriven, and
    /// how long and of how many of its redrives the client tokens are known.
    std::chrono::hours redrivable{24 * 14};
    std::chrono::minutes redrive_token_time{15};
    int64_t redrive_tokens = 10;
    /// How long GetActivityTask waits for a task (API reference, "GetActivityTask").
    std::chrono::milliseconds activity_poll{60'000};
  };
  States states;
};

}  // namespace trainyard
