// Multipart uploads and their parts (Amazon S3 User Guide, "Multipart upload").
#pragma once

#include <map>
#include <string>

#include "services/s3/objects.hpp"

namespace trainyard::s3 {

inline constexpr int kPartNumberMax = 10'000;
inline constexpr uint64_t kPartBytesMin = 5ull << 20;   // of every part but the last
inline constexpr uint64_t kObjectBytesMax = 5ull << 40;

struct StoredUpload {
  std::string id;
  Time initiated;
  Attributes attributes;  // the object's to be
};

struct StoredPart {
  int number = 0;
  std::string etag;
  Time modified;
  Checksums checksums;
  Content content;
};

/// ApiError NoSuchUpload unless there is such an upload to that key.
StoredUpload require_upload(Txn& txn, const std::string& bucket, const std::string& key,
                            const std::string& id);

/// ApiError InvalidArgument unless 1 … kPartNumberMax.
void check_part_number(int number);
/// ApiError InvalidRequest when the part is checked by another algorithm than its upload.
void check_part_checksum(const StoredUpload& upload, const StoredPart& part);

/// Stores the part in place of one of the same number, whose blobs are released. Its own blobs are
/// held already.
void put_part(Txn& txn, const std::string& upload, const StoredPart& part, Time now);

/// Parts after number `after`, at most `limit`.
std::vector<StoredPart> parts_of(Txn& txn, const std::string& upload, int after, int limit);

void delete_upload(Txn& txn, const std::string& upload);

}  // namespace trainyard::s3
