#include "services/states/schema.hpp"

namespace trainyard::states {

// states_machines.revision is the one that new executions are pinned to. A payload of the history
// stands in its event when it is short, and else once an execution under its digest. Of a snapshot,
// what seldom changes stands in states_parts: iterations, items and results of Map states. A task
// of an activity has a row until a worker has it for sure; `handed` is 1 while its answer is on the
// way.
const Migration kMigrations[5] = {{"states", 1, R"sql(
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
)sql"}, {"states", 4, R"sql(
ALTER TABLE states_machines ADD COLUMN last_version INTEGER NOT NULL DEFAULT 0;
CREATE TABLE states_versions(
  machine INTEGER NOT NULL,
  number INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  description TEXT,
  created INTEGER NOT NULL,
  PRIMARY KEY(machine, number)
);
CREATE INDEX states_versions_revision ON states_versions(machine, revision);
CREATE TABLE states_aliases(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  machine INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  UNIQUE(machine, name)
);
CREATE TABLE states_routes(
  alias INTEGER NOT NULL,
  position INTEGER NOT NULL,
  version INTEGER NOT NULL,
  weight INTEGER NOT NULL,
  PRIMARY KEY(alias, position)
);
CREATE TABLE states_resource_tags(
  resource TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY(resource, key)
);
INSERT INTO states_resource_tags(resource, key, value)
  SELECT m.arn, t.key, t.value FROM states_tags t JOIN states_machines m ON m.id = t.machine;
DROP TABLE states_tags;
CREATE TABLE states_activities(
  arn TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL
);
CREATE TABLE states_activity_tasks(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  activity TEXT NOT NULL,
  execution INTEGER NOT NULL,
  call TEXT NOT NULL,
  token TEXT NOT NULL,
  input TEXT NOT NULL,
  handed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX states_activity_tasks_activity ON states_activity_tasks(activity, handed, id);
CREATE INDEX states_activity_tasks_execution ON states_activity_tasks(execution, call);
CREATE TABLE states_redrives(
  execution INTEGER NOT NULL,
  number INTEGER NOT NULL,
  token TEXT,
  at INTEGER NOT NULL,
  PRIMARY KEY(execution, number)
);
ALTER TABLE states_executions ADD COLUMN version_arn TEXT;
ALTER TABLE states_executions ADD COLUMN alias_arn TEXT;
ALTER TABLE states_executions ADD COLUMN redrives INTEGER NOT NULL DEFAULT 0;
ALTER TABLE states_executions ADD COLUMN redriven INTEGER;
CREATE INDEX states_executions_version ON states_executions(version_arn, id)
  WHERE version_arn IS NOT NULL;
CREATE INDEX states_executions_alias ON states_executions(alias_arn, id)
  WHERE alias_arn IS NOT NULL;
CREATE INDEX states_executions_running ON states_executions(id) WHERE status = 'RUNNING';
CREATE INDEX states_executions_stopped ON states_executions(stopped) WHERE stopped IS NOT NULL;
)sql"},
    {"states", 5, R"sql(
CREATE TABLE states_jobs(
  execution INTEGER NOT NULL,
  call TEXT NOT NULL,
  job TEXT NOT NULL,
  task TEXT NOT NULL,
  role TEXT,
  PRIMARY KEY(execution, call)
);
CREATE INDEX states_jobs_job ON states_jobs(job);
INSERT INTO states_jobs(execution, call, job, task)
  SELECT execution, call, resource, 'arn:aws:states:::sagemaker:createTrainingJob.sync'
  FROM states_waits;
UPDATE outbox SET key = (
    SELECT j.execution || '#' || j.call FROM states_jobs j WHERE j.job = outbox.key),
  payload = (SELECT json_object('execution', j.execution, 'call', j.call)
    FROM states_jobs j WHERE j.job = outbox.key)
  WHERE kind = 'states.poll' AND key IN (SELECT job FROM states_jobs);
DROP TABLE states_waits;
)sql"}};

}  // namespace trainyard::states
