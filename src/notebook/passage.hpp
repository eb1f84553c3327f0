// PURE: what of a message goes through the door, and what ends at it (RFC 9110, 7.6.1).
#pragma once

#include <string>

#include "http/client.hpp"
#include "http/message.hpp"
#include "notebook/access.hpp"

namespace trainyard::notebook {

/// The request as Jupyter gets it: with its own token in place of whatever proved who came
/// (`access` says what that is), and uncompressed. WebSockets are the one protocol that it may
/// change to. The body is read from `request` as it is sent.
http::Outgoing outgoing(const http::Request& request, const std::string& token,
                        const Access& access);

}  // namespace trainyard::notebook
