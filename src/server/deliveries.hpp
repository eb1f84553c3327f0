// The table of outbox kinds: who takes which message. Inside deliveries run in a write transaction
// together with the message's removal; outside ones act on the world.
#pragma once

#include "server/parts.hpp"
#include "server/performer.hpp"

namespace trainyard::server {

class AgentDoor;

/// Every kind of message that there is; the parts and the door outlive what is returned.
Deliveries all_deliveries(const Parts& parts, AgentDoor& agents);

}  // namespace trainyard::server
