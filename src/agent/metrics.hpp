// Metrics out of log lines: MetricDefinitions' regular expressions (CreateTrainingJob,
// AlgorithmSpecification).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/plan.hpp"
#include "base/json.hpp"

namespace trainyard::agent {

struct MetricValue {
  std::string name;
  double value = 0;
  int64_t at_ms = 0;
};

/// [{"name", "value", "timestamp": ms}], as reports have them.
json::array to_json(const std::vector<MetricValue>& values);

/// Looks for every definition's first match in a line; the first group (or the whole match) is the
/// value. For one thread.
class MetricScanner {
 public:
  /// Definitions that do not compile are reported in `problems` and left out.
  MetricScanner(const std::vector<Metric>& definitions, std::vector<std::string>& problems);
  ~MetricScanner();

  void scan(std::string_view line, int64_t at_ms, std::vector<MetricValue>& found);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trainyard::agent
