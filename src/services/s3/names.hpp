// Names of buckets and keys, and where a copy comes from.
#pragma once

#include <string>
#include <string_view>

namespace trainyard::s3 {

/// ApiError InvalidBucketName unless `name` follows Amazon S3 User Guide, "General purpose bucket
/// naming rules".
void check_bucket_name(const std::string& name);

/// ApiError KeyTooLongError past 1,024 bytes, InvalidURI for what is not UTF-8 or holds a NUL.
void check_key(const std::string& key);

struct CopySource {
  std::string bucket, key;
};
/// x-amz-copy-source: "bucket/key" or "/bucket/key", percent-encoded, with "?versionId=null" at
/// most. ApiError InvalidArgument for anything else.
CopySource parse_copy_source(const std::string& text);

/// The only version that a bucket without versioning has. ApiError InvalidArgument for others.
void check_version(std::string_view version);

}  // namespace trainyard::s3
