// Tags of state machines and activities.
#pragma once

#include <string>
#include <vector>

#include "generated/states/types.hpp"
#include "services/call.hpp"

namespace trainyard::states {

/// Adds them to what the resource of this ARN has, the newer value of a key wins. TooManyTags.
void put_tags(Call& call, const std::string& arn, const std::vector<Tag>& tags);
void remove_tags(Txn& txn, const std::string& arn);

}  // namespace trainyard::states
