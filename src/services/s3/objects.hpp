// Rows of buckets and objects, and what every operation on them shares.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/call.hpp"
#include "services/s3/attributes.hpp"
#include "services/s3/content.hpp"

namespace trainyard::s3 {

struct StoredObject {
  std::string etag;  // without quotes
  Time modified;     // whole seconds, as HTTP tells them
  Attributes attributes;
  Content content;
};

/// ApiError NoSuchBucket; AccessDenied when `expected_owner` is given and is not this account.
void require_bucket(Txn& txn, const Site& site, const std::string& bucket,
                    const std::optional<std::string>& expected_owner);

std::optional<StoredObject> find_object(Txn& txn, const std::string& bucket,
                                        const std::string& key);

/// ApiError AccessDenied unless `caller` may do `action` on the object.
void authorise_object(Txn& txn, const Site& site, const Caller& caller, std::string_view action,
                      const std::string& bucket, const std::string& key, Time now);

/// That a key is missing is told to those who may list the bucket; others hear AccessDenied
/// (Amazon S3 API Reference, "GetObject", Permissions).
[[noreturn]] void throw_missing_key(Txn& txn, const Site& site, const Caller& caller,
                                    const std::string& bucket, const std::string& key, Time now);

/// If-Match and If-None-Match of a write.
struct WriteConditions {
  std::optional<std::string> if_match, if_none_match;
};
/// ApiError PreconditionFailed, or NoSuchKey where If-Match meets nothing.
void check_write(Txn& txn, const std::string& bucket, const std::string& key,
                 const WriteConditions& conditions);

/// Makes the object visible in place of what was there, whose blobs are released. The blobs of the
/// new one are held already.
void put_row(Txn& txn, const std::string& bucket, const std::string& key,
             const StoredObject& object, Time now);

/// Forgets the object if it is there.
void delete_row(Txn& txn, const std::string& bucket, const std::string& key, Time now);

/// `now` as HTTP dates can tell it.
Time whole_seconds(Time now);

std::string quoted_etag(const std::string& etag);
/// Whether an If-(None-)Match header names the ETag: "*", or a list of quoted or bare ones.
bool etag_matches(std::string_view header, const std::string& etag);

/// The account as S3's owner: a canonical user id.
std::string owner_id(const Site& site);

}  // namespace trainyard::s3
