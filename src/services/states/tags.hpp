// Tags of state machines.
#pragma once

#include <cstdint>
#include <vector>

#include "generated/states/types.hpp"
#include "store/txn.hpp"

namespace trainyard::states {

/// Adds them to what the machine has, the newer value of a key wins. TooManyTags above 50 (Step
/// Functions quotas, "Tags per resource").
void put_tags(Txn& txn, int64_t machine, const std::vector<Tag>& tags);

}  // namespace trainyard::states
