#include "services/sagemaker/schema.hpp"

namespace trainyard::sagemaker {

// A resource is one row whatever its kind: what its request said and what became of it are JSON;
// columns are what listings sort and filter by. An attempt is one try of a training job, or one
// instance of an endpoint; its instances are rows of their own.
const Migration kMigrations[1] = {{"sagemaker", 1, R"sql(
CREATE TABLE sagemaker_resources (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  created BIGINT NOT NULL,
  modified BIGINT NOT NULL,
  request TEXT NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (kind, name)
);
CREATE INDEX sagemaker_resources_created ON sagemaker_resources (kind, created, name);
CREATE INDEX sagemaker_resources_status ON sagemaker_resources (kind, status, name);
CREATE TABLE sagemaker_tags (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  tag_key TEXT NOT NULL,
  tag_value TEXT NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (kind, name, tag_key)
);
CREATE TABLE sagemaker_attempts (
  id TEXT NOT NULL PRIMARY KEY,
  owner_kind TEXT NOT NULL,
  owner TEXT NOT NULL,
  role_arn TEXT NOT NULL,
  token TEXT NOT NULL,
  generation BIGINT NOT NULL,
  variant TEXT NOT NULL,
  slot BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  created BIGINT NOT NULL,
  serving_since BIGINT,
  cancelled BIGINT,
  ended BIGINT
);
CREATE INDEX sagemaker_attempts_live ON sagemaker_attempts (id) WHERE ended IS NULL;
CREATE INDEX sagemaker_attempts_owner ON sagemaker_attempts (owner_kind, owner, ended);
CREATE TABLE sagemaker_instances (
  attempt TEXT NOT NULL,
  host TEXT NOT NULL,
  phase TEXT NOT NULL,
  phase_since BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  error TEXT NOT NULL,
  reason TEXT NOT NULL,
  ended BIGINT,
  PRIMARY KEY (attempt, host)
);
CREATE TABLE sagemaker_metrics (
  job TEXT NOT NULL,
  name TEXT NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (job, name)
);
CREATE TABLE sagemaker_facts (
  name TEXT NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  text TEXT NOT NULL
);
)sql"}};

}  // namespace trainyard::sagemaker
