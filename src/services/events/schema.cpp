#include "services/events/schema.hpp"

namespace trainyard::events {

constinit const Migration kMigrations[1] = {{"events", 1, R"sql(
CREATE TABLE events_rules(
  name TEXT PRIMARY KEY,
  pattern TEXT NOT NULL,
  state TEXT NOT NULL,
  description TEXT,
  role_arn TEXT,
  managed_by TEXT
);
CREATE TABLE events_targets(
  rule TEXT NOT NULL,
  id TEXT NOT NULL,
  arn TEXT NOT NULL,
  PRIMARY KEY(rule, id)
);
)sql"}};

}  // namespace trainyard::events
