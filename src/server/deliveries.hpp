// The table of outbox kinds: who takes which message. Inside deliveries run in a write transaction
// together with the message's removal; outside ones act on the world.
#pragma once

#include <string_view>

#include "server/parts.hpp"

namespace trainyard::server {

class AgentDoor;

using InsideDelivery = void (*)(Call&, const outbox::Message&);
using OutsideDelivery = void (*)(const Parts&, AgentDoor&, const outbox::Message&);

bool is_inside(std::string_view kind);
/// An unknown kind breaks an invariant: nothing posts what the table lacks.
InsideDelivery inside_delivery(std::string_view kind);
OutsideDelivery outside_delivery(std::string_view kind);

}  // namespace trainyard::server
