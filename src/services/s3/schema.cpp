#include "services/s3/schema.hpp"

namespace trainyard::s3 {

// Extents are JSON: [["blob", offset, length], …]. A body that is kept in its row has no extents.
// refs counts the extents, of objects and of parts, that lie in a blob.
constinit const Migration kMigrations[1] = {{"s3", 1, R"sql(
CREATE TABLE s3_buckets(
  name TEXT PRIMARY KEY,
  created INTEGER NOT NULL
);
CREATE TABLE s3_objects(
  bucket TEXT NOT NULL,
  key TEXT NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  modified INTEGER NOT NULL,
  storage_class TEXT NOT NULL,
  attributes TEXT NOT NULL,
  extents TEXT,
  body TEXT,
  PRIMARY KEY(bucket, key)
);
CREATE TABLE s3_uploads(
  id TEXT PRIMARY KEY,
  bucket TEXT NOT NULL,
  key TEXT NOT NULL,
  initiated INTEGER NOT NULL,
  attributes TEXT NOT NULL
);
CREATE UNIQUE INDEX s3_uploads_key ON s3_uploads(bucket, key, id);
CREATE TABLE s3_parts(
  upload TEXT NOT NULL,
  number INTEGER NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  modified INTEGER NOT NULL,
  checksums TEXT NOT NULL,
  extents TEXT NOT NULL,
  PRIMARY KEY(upload, number)
);
CREATE TABLE s3_blobs(
  name TEXT PRIMARY KEY,
  refs INTEGER NOT NULL
);
)sql"}};

}  // namespace trainyard::s3
