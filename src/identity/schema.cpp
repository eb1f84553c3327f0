#include "identity/identity.hpp"

namespace trainyard::identity {

// `folded` is the name in lower case: IAM's names are unique without regard to case. `principal` is
// the id of a role or user, which no other will ever have: what belongs to a deleted one is not
// inherited by the next of its name.
const Migration kMigrations[1] = {{"identity", 1, R"sql(
CREATE TABLE iam_roles(
  name TEXT PRIMARY KEY,
  folded TEXT NOT NULL UNIQUE,
  arn TEXT NOT NULL UNIQUE,
  id TEXT NOT NULL UNIQUE,
  path TEXT NOT NULL,
  trust TEXT NOT NULL,
  description TEXT,
  session_max INTEGER NOT NULL,
  tags TEXT NOT NULL,
  created INTEGER NOT NULL
);
CREATE TABLE iam_users(
  name TEXT PRIMARY KEY,
  folded TEXT NOT NULL UNIQUE,
  arn TEXT NOT NULL UNIQUE,
  id TEXT NOT NULL UNIQUE,
  path TEXT NOT NULL,
  tags TEXT NOT NULL,
  created INTEGER NOT NULL
);
CREATE TABLE iam_access_keys(
  id TEXT PRIMARY KEY,
  secret TEXT NOT NULL,
  account TEXT NOT NULL,
  user_id TEXT,
  active INTEGER NOT NULL,
  created INTEGER NOT NULL
);
CREATE INDEX iam_access_keys_of ON iam_access_keys(user_id, id);
CREATE TABLE iam_policies(
  arn TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  folded TEXT NOT NULL UNIQUE,
  id TEXT NOT NULL,
  path TEXT NOT NULL,
  document TEXT NOT NULL,
  description TEXT,
  tags TEXT NOT NULL,
  created INTEGER NOT NULL
);
CREATE TABLE iam_inline_policies(
  principal TEXT NOT NULL,
  name TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY(principal, name)
);
CREATE TABLE iam_attachments(
  principal TEXT NOT NULL,
  policy TEXT NOT NULL,
  PRIMARY KEY(principal, policy)
);
CREATE INDEX iam_attachments_of ON iam_attachments(policy);
CREATE TABLE sts_sessions(
  access_key TEXT PRIMARY KEY,
  secret TEXT NOT NULL,
  token TEXT NOT NULL,
  role_id TEXT NOT NULL,
  name TEXT NOT NULL,
  policy TEXT NOT NULL,
  expires INTEGER NOT NULL
);
CREATE INDEX sts_sessions_by_end ON sts_sessions(expires);
)sql"}};

}  // namespace trainyard::identity
