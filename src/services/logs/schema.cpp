#include "services/logs/schema.hpp"

namespace trainyard::logs {

// A stream's id names its segment and is never used again: a stream that is made anew under an old
// name begins empty. `first` is the agent's index of the record at position 0.
constinit const Migration kMigrations[1] = {{"logs", 1, R"sql(
CREATE TABLE logs_groups(
  name TEXT PRIMARY KEY,
  created INTEGER NOT NULL,
  class TEXT NOT NULL
);
CREATE TABLE logs_streams(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_name TEXT NOT NULL,
  name TEXT NOT NULL,
  created INTEGER NOT NULL,
  first INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX logs_streams_name ON logs_streams(group_name, name);
)sql"}};

}  // namespace trainyard::logs
