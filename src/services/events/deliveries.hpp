// What the outbox brings to the bus.
#pragma once

#include "services/call.hpp"

namespace trainyard::events {

/// Takes `events.put`: {"source", "detail-type", "resources", "detail"} becomes an event of the
/// default bus. For each target of each rule that it matches, a message goes to the target's
/// service.
void deliver_event(Call& call, const outbox::Message& message);

}  // namespace trainyard::events
