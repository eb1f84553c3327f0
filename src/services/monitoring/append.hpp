// What the server brings in from agents.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/json/fwd.hpp>

#include "base/clock.hpp"

namespace trainyard {

class Segments;
class Store;

namespace monitoring {

/// Values that one instance of a training job has found in its lines.
struct TrainingMetrics {
  std::string job;
  std::string writer;            // names the instance; it alone numbers its values
  std::optional<int64_t> first;  // the number of the first value
};

/// Stores values ([{"name", "value", "timestamp": ms}]) under /aws/sagemaker/TrainingJobs with the
/// dimension TrainingJobName, as SageMaker publishes them. A report that comes twice changes
/// nothing. ApiError InvalidParameterValue for a malformed one.
void append_from_agent(Store& store, Segments& segments, Time now, const TrainingMetrics& metrics,
                       const boost::json::array& values);

}  // namespace monitoring
}  // namespace trainyard
