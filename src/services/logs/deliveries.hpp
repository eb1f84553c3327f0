// What the server performs for this service.
#pragma once

#include <boost/json/fwd.hpp>

namespace trainyard {

class Segments;

namespace logs {

/// Performs `logs.segment.remove`: {"segment": name}. A repeat does no harm.
void remove_segment(Segments& segments, const boost::json::object& payload);

}  // namespace logs
}  // namespace trainyard
