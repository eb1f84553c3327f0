// What agents say, into the log of their instance.
#pragma once

#include <boost/json/fwd.hpp>

#include "base/clock.hpp"

namespace trainyard {

class Segments;
class Store;

namespace logs {

/// Takes {"group", "stream", "first": the agent's number of the first of the "events":
/// [{"timestamp": ms, "message"}]}. Group and stream come to be when they are missing; events that
/// the agent has sent before are skipped. ApiError InvalidParameterException for a malformed body.
void append_from_agent(Store& store, Segments& segments, Time now,
                       const boost::json::object& body);

}  // namespace logs
}  // namespace trainyard
