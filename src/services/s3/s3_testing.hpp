// A bucket to test with, and the operations in one line each.
#pragma once

#include <set>

#include "base/hash.hpp"
#include "generated/s3/operations.hpp"
#include "identity/identity.hpp"
#include "services/s3/deliveries.hpp"
#include "services/s3/objects.hpp"
#include "services/s3/schema.hpp"
#include "services/testing.hpp"

namespace trainyard::s3 {

inline const std::vector<Migration>& test_migrations() {
  static const auto all =
      all_tables(outbox::kMigrations, identity::kMigrations, s3::kMigrations);
  return all;
}

class S3Test : public ServiceTest {
 protected:
  S3Test() : ServiceTest(test_migrations()) { make_bucket("bucket"); }

  void make_bucket(const std::string& name) {
    CreateBucketInput input;
    input.bucket = name;
    run(create_bucket, input);
  }

  std::string put(const std::string& key, const std::string& body,
                  const std::function<void(PutObjectInput&)>& change = {}) {
    PutObjectInput input;
    input.bucket = "bucket";
    input.key = key;
    input.body = std::make_shared<http::StringBody>(body);
    if (change) change(input);
    return stream(put_object, input).e_tag.value();
  }

  GetObjectOutput get(const std::string& key,
                      const std::function<void(GetObjectInput&)>& change = {}) {
    GetObjectInput input;
    input.bucket = "bucket";
    input.key = key;
    if (change) change(input);
    return stream(get_object, input);
  }

  static std::string text(const GetObjectOutput& output) {
    return http::read_all(*output.body, SIZE_MAX);
  }

  void erase(const std::string& key) {
    DeleteObjectInput input;
    input.bucket = "bucket";
    input.key = key;
    run(delete_object, input);
  }

  std::string begin_upload(const std::string& key, const std::string& algorithm = "",
                           const std::string& type = "") {
    CreateMultipartUploadInput input;
    input.bucket = "bucket";
    input.key = key;
    if (!algorithm.empty()) input.checksum_algorithm = algorithm;
    if (!type.empty()) input.checksum_type = type;
    return run(create_multipart_upload, input).upload_id.value();
  }

  CompletedPart put_part(const std::string& key, const std::string& upload, int number,
                         const std::string& body) {
    UploadPartInput input;
    input.bucket = "bucket";
    input.key = key;
    input.upload_id = upload;
    input.part_number = number;
    input.body = std::make_shared<http::StringBody>(body);
    CompletedPart part;
    part.e_tag = stream(upload_part, input).e_tag;
    part.part_number = number;
    return part;
  }

  CompleteMultipartUploadInput completion(const std::string& key, const std::string& upload,
                                          std::vector<CompletedPart> parts) {
    CompleteMultipartUploadInput input;
    input.bucket = "bucket";
    input.key = key;
    input.upload_id = upload;
    input.multipart_upload.emplace().parts = std::move(parts);
    return input;
  }

  /// Performs what the outbox has for the blobs.
  void perform() {
    for (const auto& message : due()) {
      EXPECT_EQ(message.kind, "s3.blob.remove");
      remove_blob(blobs, message.payload);
      store.write([&](Txn& txn) { outbox::remove(txn, message.id); });
    }
  }

  /// Every blob on disk is counted by the extents of rows, and the other way round.
  void expect_consistent() {
    perform();
    std::map<std::string, int64_t> counted, held;
    store.read([&](Txn& txn) {
      auto count = [&](const Row& row) {
        for (const Extent& extent : content_of(0, row.maybe_text(0), std::nullopt).extents) {
          ++counted[extent.blob];
        }
      };
      txn.each("SELECT extents FROM s3_objects", count);
      txn.each("SELECT extents FROM s3_parts", count);
      txn.each("SELECT name, refs FROM s3_blobs",
               [&](const Row& row) { held[row.text(0)] = row.integer(1); });
    });
    EXPECT_EQ(counted, held);
    std::vector<std::string> names = blobs.all();
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), held.size());
    for (const std::string& name : names) EXPECT_TRUE(held.contains(name));
  }
};

}  // namespace trainyard::s3
