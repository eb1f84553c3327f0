// What agents say, into the log of their instance.
#pragma once

#include <boost/json/fwd.hpp>

#include "base/clock.hpp"

namespace trainyard {

class Segments;
class Store;

namespace logs {

/// Takes {"group", "stream", "first": index of the first event in this stream, "events":
/// [{"timestamp": ms, "message"}]}. Group and stream come to be when they are missing; events that
/// are there already are skipped. ApiError InvalidParameterException for a malformed body.
void append_from_agent(Store& store, Segments& segments, Time now,
                       const boost::json::object& body);

}  // namespace logs
}  // namespace trainyard
