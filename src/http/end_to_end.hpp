// What of a message's fields is for the other end, and what for one connection alone.
#pragma once

#include "http/message.hpp"

namespace trainyard::http {

/// Removes the fields that speak of one connection alone, those that Connection names among them
/// (RFC 9110, section 7.6.1).
void keep_end_to_end(Headers& headers);

}  // namespace trainyard::http
