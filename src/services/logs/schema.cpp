#include "services/logs/schema.hpp"

namespace trainyard::logs {

// A stream's id names its segment and is never used again: a stream that is made anew under an old
// name begins empty. Its records know the numbers that its agent gave them; `first` did before.
constinit const Migration kMigrations[2] = {{"logs", 1, R"sql(
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
)sql"}, {"logs", 2, R"sql(
ALTER TABLE logs_streams DROP COLUMN first;
)sql"}};

}  // namespace trainyard::logs
