#include "services/s3/objects.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"
#include "identity/identity.hpp"
#include "services/s3/errors.hpp"

namespace trainyard::s3 {
namespace {

ApiError no_such_key(const std::string& key) {
  ApiError error = errors::no_such_key("The specified key does not exist.");
  error.fields()["Key"] = key;
  return error;
}

void authorise(Txn& txn, const Site& site, const Caller& caller, std::string_view action,
               const std::string& resource, Time now) {
  identity::Authorisation request;
  request.action = action;
  request.resource = resource;
  request.code = "AccessDenied";
  request.context["aws:RequestedRegion"] = site.region;
  if (!caller.source_ip.empty()) request.context["aws:SourceIp"] = caller.source_ip;
  if (!caller.via_service.empty()) request.context["aws:ViaAWSService"] = "true";
  identity::authorise(txn, caller, request, now);
}

/// What the object at that key holds, to be released.
std::optional<Content> content_at(Txn& txn, const std::string& bucket, const std::string& key) {
  return txn.one("SELECT size, extents FROM s3_objects WHERE bucket = ? AND key = ?",
                 [](const Row& row) {
                   return content_of(static_cast<uint64_t>(row.integer(0)), row.maybe_text(1),
                                     std::nullopt);
                 },
                 bucket, key);
}

}  // namespace

void require_bucket(Txn& txn, const Site& site, const std::string& bucket,
                    const std::optional<std::string>& expected_owner) {
  if (!txn.exists("SELECT 1 FROM s3_buckets WHERE name = ?", bucket)) {
    ApiError error = errors::no_such_bucket("The specified bucket does not exist");
    error.fields()["BucketName"] = bucket;
    throw error;
  }
  if (expected_owner && *expected_owner != site.account) {
    throw errors::access_denied("Access Denied: the bucket belongs to account " + site.account);
  }
}

std::optional<StoredObject> find_object(Txn& txn, const std::string& bucket,
                                        const std::string& key) {
  return txn.one("SELECT size, etag, modified, attributes, extents, body FROM s3_objects "
                 "WHERE bucket = ? AND key = ?",
                 [](const Row& row) {
                   StoredObject object;
                   object.etag = row.text(1);
                   object.modified = row.time(2);
                   object.attributes = attributes_from(parse_own_json(row.text(3)).as_object());
                   object.content = content_of(static_cast<uint64_t>(row.integer(0)),
                                               row.maybe_text(4), row.maybe_text(5));
                   return object;
                 },
                 bucket, key);
}

void authorise_object(Txn& txn, const Site& site, const Caller& caller, std::string_view action,
                      const std::string& bucket, const std::string& key, Time now) {
  authorise(txn, site, caller, action, "arn:aws:s3:::" + bucket + "/" + key, now);
}

void throw_missing_key(Txn& txn, const Site& site, const Caller& caller, const std::string& bucket,
                       const std::string& key, Time now) {
  authorise(txn, site, caller, "s3:ListBucket", "arn:aws:s3:::" + bucket, now);
  throw no_such_key(key);
}

void check_write(Txn& txn, const std::string& bucket, const std::string& key,
                 const WriteConditions& conditions) {
  if (!conditions.if_match && !conditions.if_none_match) return;
  auto etag = txn.one("SELECT etag FROM s3_objects WHERE bucket = ? AND key = ?",
                      [](const Row& row) { return row.text(0); }, bucket, key);
  if (conditions.if_match) {
    if (!etag) throw no_such_key(key);
    if (!etag_matches(*conditions.if_match, *etag)) throw errors::precondition_failed("If-Match");
  }
  if (conditions.if_none_match && etag && etag_matches(*conditions.if_none_match, *etag)) {
    throw errors::precondition_failed("If-None-Match");
  }
}

void put_row(Txn& txn, const std::string& bucket, const std::string& key,
             const StoredObject& object, Time now) {
  if (auto old = content_at(txn, bucket, key)) release(txn, *old, now);
  const Content& content = object.content;
  std::optional<std::string> extents;
  if (!content.body) extents = extents_text(content);
  txn.exec("INSERT INTO s3_objects(bucket, key, size, etag, modified, storage_class, attributes, "
           "extents, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(bucket, key) DO UPDATE "
           "SET size = excluded.size, etag = excluded.etag, modified = excluded.modified, "
           "storage_class = excluded.storage_class, attributes = excluded.attributes, "
           "extents = excluded.extents, body = excluded.body",
           bucket, key, content.size, object.etag, object.modified,
           object.attributes.storage_class, dump(to_json(object.attributes)), extents,
           content.body);
}

void delete_row(Txn& txn, const std::string& bucket, const std::string& key, Time now) {
  auto old = content_at(txn, bucket, key);
  if (!old) return;
  release(txn, *old, now);
  txn.exec("DELETE FROM s3_objects WHERE bucket = ? AND key = ?", bucket, key);
}

Time whole_seconds(Time now) { return std::chrono::floor<std::chrono::seconds>(now); }

std::string quoted_etag(const std::string& etag) { return "\"" + etag + "\""; }

bool etag_matches(std::string_view header, const std::string& etag) {
  for (const std::string& piece : split(header, ',')) {
    std::string_view text = trim(piece);
    if (text.starts_with("W/")) text.remove_prefix(2);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
      text = text.substr(1, text.size() - 2);
    }
    if (text == "*" || text == etag) return true;
  }
  return false;
}

std::string owner_id(const Site& site) { return sha256_hex("s3 owner " + site.account); }

}  // namespace trainyard::s3
