// Any operation by its name, as the principal of a session: input and output are JSON with the
// model's member names, whatever protocol its service speaks.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "server/parts.hpp"
#include "wire/shape.hpp"

namespace trainyard::server::console {

/// The mode of an operation. ApiError UnknownOperationException 404 when there is none.
wire::Mode mode_of(const Parts& parts, std::string_view service, std::string_view operation);

/// Of a transactional operation. ApiErrors as the service's clients get them;
/// InvalidParameterException 400 for an operation that streams or waits, which names where it can
/// be had.
json::object call(const Parts& parts, const Caller& caller, std::string_view service,
                  std::string_view operation, const json::object& input);

/// The same within a transaction that somebody else began.
json::object call_within(const Parts& parts, Txn& txn, const Caller& caller,
                         std::string_view service, std::string_view operation,
                         const json::object& input);

}  // namespace trainyard::server::console
