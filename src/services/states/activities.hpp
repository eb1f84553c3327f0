// Activities: names under which workers take tasks.
#pragma once

#include <optional>
#include <string>

#include "services/call.hpp"

namespace trainyard::states {

struct ActivityRow {
  std::string arn, name;
  Time created;
};
std::optional<ActivityRow> find_activity(Txn& txn, std::string_view arn);
/// ActivityDoesNotExist; InvalidArn for what is no activity's ARN.
ActivityRow get_activity(Txn& txn, const std::string& arn);

}  // namespace trainyard::states
