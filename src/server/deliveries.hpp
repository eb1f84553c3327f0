// The table of outbox kinds: who takes which message. Inside deliveries run in a write transaction
// together with the message's removal; outside ones act on the world.
#pragma once

#include "server/parts.hpp"
#include "server/performer.hpp"

namespace trainyard::server {

class AgentDoor;
class OutsideCalls;

/// Every kind of message that there is; the arguments outlive what is returned.
Deliveries all_deliveries(const Parts& parts, AgentDoor& agents, OutsideCalls& calls);

}  // namespace trainyard::server
