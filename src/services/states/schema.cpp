#include "services/states/schema.hpp"

namespace trainyard::states {

// states_machines.revision is the one that new executions are pinned to. A payload of the history
// stands in its event when it is short, and else once an execution under its digest. Of a snapshot,
// what seldom changes stands in states_parts: iterations, items and results of Map states.
const Migration kMigrations[3] = {{"states", 1, R"sql(
CREATE TABLE states_machines(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  arn TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  revision INTEGER NOT NULL,
  created INTEGER NOT NULL
);
CREATE TABLE states_revisions(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  machine INTEGER NOT NULL,
  revision_id TEXT,
  definition TEXT NOT NULL,
  role_arn TEXT NOT NULL,
  log_data INTEGER NOT NULL,
  created INTEGER NOT NULL
);
CREATE INDEX states_revisions_machine ON states_revisions(machine);
CREATE TABLE states_tags(
  machine INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY(machine, key)
);
CREATE TABLE states_executions(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  arn TEXT NOT NULL UNIQUE,
  machine INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  started INTEGER NOT NULL,
  stopped INTEGER,
  input TEXT NOT NULL,
  output TEXT,
  error TEXT,
  cause TEXT,
  trace_header TEXT,
  snapshot TEXT NOT NULL
);
CREATE INDEX states_executions_machine ON states_executions(machine, id);
CREATE INDEX states_executions_status ON states_executions(machine, status, id);
CREATE TABLE states_history(
  execution INTEGER NOT NULL,
  id INTEGER NOT NULL,
  previous INTEGER NOT NULL,
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  details_name TEXT NOT NULL,
  details TEXT NOT NULL,
  payload_member TEXT NOT NULL,
  payload TEXT,
  payload_digest TEXT,
  PRIMARY KEY(execution, id)
);
CREATE TABLE states_payloads(
  execution INTEGER NOT NULL,
  digest TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(execution, digest)
);
CREATE TABLE states_waits(
  resource TEXT PRIMARY KEY,
  execution INTEGER NOT NULL,
  call TEXT NOT NULL
);
CREATE INDEX states_waits_execution ON states_waits(execution);
CREATE TABLE states_early_events(
  resource TEXT NOT NULL,
  execution INTEGER NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY(execution, resource)
);
)sql"}, {"states", 2, "DROP TABLE states_early_events;"}, {"states", 3, R"sql(
CREATE TABLE states_parts(
  execution INTEGER NOT NULL,
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(execution, name)
) WITHOUT ROWID;
)sql"}};

}  // namespace trainyard::states
