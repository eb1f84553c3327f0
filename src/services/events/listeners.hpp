// Who would hear an event, told before there is one.
#pragma once

#include "services/call.hpp"

namespace trainyard::events {

/// Whether any rule with a target may match events of this source and type, whatever their details
/// are, and whether any such rule is other than those that Step Functions manages.
Listeners listeners(Txn& txn, std::string_view source, std::string_view detail_type);

}  // namespace trainyard::events
