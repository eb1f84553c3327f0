#include "services/monitoring/schema.hpp"

namespace trainyard::monitoring {

// A metric is its namespace, its name and its dimensions together (a JSON list of [name, value],
// sorted). Its data stand in the segments that its places name, mixed with those of other metrics.
constinit const Migration kMigrations[1] = {{"monitoring", 1, R"sql(
CREATE TABLE monitoring_metrics (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  dimensions TEXT NOT NULL,
  active BIGINT NOT NULL
);
CREATE UNIQUE INDEX monitoring_metrics_key ON monitoring_metrics (namespace, name, dimensions);
CREATE TABLE monitoring_places (
  metric BIGINT NOT NULL,
  segment TEXT NOT NULL,
  PRIMARY KEY (metric, segment)
);
)sql"}};

}  // namespace trainyard::monitoring
