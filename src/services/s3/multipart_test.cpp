#include <set>

#include "services/s3/checksums.hpp"
#include "services/s3/s3_testing.hpp"
#include "services/s3/uploads.hpp"
#include "wire/payload.hpp"

namespace trainyard::s3 {
namespace {

const std::string kPart(kPartBytesMin, 'p');

TEST(Checksums, WholesFromParts) {
  SeededRandom random(1);
  for (std::string algorithm : {"crc32", "crc32c", "crc64nvme"}) {
    std::string all;
    std::vector<PartChecksum> parts;
    for (std::size_t size : {70'001ul, 70'001ul, 0ul, 1ul, 4'096ul}) {
      std::string part;
      for (std::size_t i = 0; i < size; ++i) part += static_cast<char>(random.next());
      all += part;
      parts.push_back({wire::checksum_base64(algorithm, part), size});
    }
    EXPECT_EQ(whole_checksum(algorithm, parts), wire::checksum_base64(algorithm, all));
  }
  EXPECT_EQ(composite_checksum("sha256", {{base64("a"), 1}, {base64("b"), 1}}),
            base64(digest(Digest::sha256, "ab")) + "-2");
}

TEST_F(S3Test, PartsBecomeAnObjectWithoutACopy) {
  std::string upload = begin_upload("big/key");
  auto second = put_part("big/key", upload, 2, "tail");
  put_part("big/key", upload, 1, "replaced");
  auto first = put_part("big/key", upload, 1, kPart);
  put_part("big/key", upload, 7, "unlisted");
  expect_consistent();
  EXPECT_EQ(error_of([&] { get("big/key"); }), "NoSuchKey");
  auto blobs_before = blobs.all().size();
  auto input = completion("big/key", upload, {first, second});
  auto output = stream(complete_multipart_upload, input);
  std::string digests = digest(Digest::md5, kPart) + digest(Digest::md5, "tail");
  EXPECT_EQ(output.e_tag, "\"" + hex(digest(Digest::md5, digests)) + "-2\"");
  EXPECT_EQ(output.location, "http://127.0.0.1:4566/bucket/big/key");
  EXPECT_EQ(stream(complete_multipart_upload, input).e_tag, output.e_tag);  // asked again
  EXPECT_EQ(text(get("big/key")), kPart + "tail");
  expect_consistent();
  EXPECT_EQ(blobs.all().size(), blobs_before - 1);

  auto over = get("big/key", [&](GetObjectInput& in) {
    in.range = "bytes=" + std::to_string(kPart.size() - 2) + "-" + std::to_string(kPart.size());
  });
  EXPECT_EQ(text(over), "ppt");
  auto part = get("big/key", [](GetObjectInput& in) { in.part_number = 2; });
  EXPECT_EQ(text(part), "tail");
  EXPECT_EQ(part.parts_count, 2);
  over.body.reset();  // a reader keeps its blobs
  part.body.reset();
  EXPECT_EQ(error_of([&] { get("big/key", [](GetObjectInput& in) { in.part_number = 3; }); }),
            "InvalidPartNumber");

  CopyObjectInput copy;
  copy.bucket = "bucket";
  copy.key = "copy";
  copy.copy_source = "bucket/big/key";
  auto copied = stream(copy_object, copy);
  EXPECT_EQ(copied.copy_object_result->e_tag,
            "\"" + hex(digest(Digest::md5, kPart + "tail")) + "\"");
  erase("big/key");
  expect_consistent();
  EXPECT_EQ(text(get("copy")), kPart + "tail");
  erase("copy");
  expect_consistent();
  EXPECT_TRUE(blobs.all().empty());
  EXPECT_EQ(error_of([&] { stream(complete_multipart_upload, input); }), "NoSuchUpload");
}

TEST_F(S3Test, CompletionsThatAreRefused) {
  std::string upload = begin_upload("key");
  auto small = put_part("key", upload, 1, "small");
  auto last = put_part("key", upload, 2, "last");
  auto answer = [&](std::vector<CompletedPart> parts) {
    return error_of([&] { stream(complete_multipart_upload, completion("key", upload, parts)); });
  };
  CompletedPart wrong = last;
  wrong.e_tag = "\"0\"";
  CompletedPart missing = last;
  missing.part_number = 3;
  EXPECT_EQ(answer({}), "MalformedXML");
  EXPECT_EQ(answer({last, small}), "InvalidPartOrder");
  EXPECT_EQ(answer({small, small}), "InvalidPartOrder");
  EXPECT_EQ(answer({small, wrong}), "InvalidPart");
  EXPECT_EQ(answer({last, missing}), "InvalidPart");
  EXPECT_EQ(answer({small, last}), "EntityTooSmall");
  auto sized = completion("key", upload, {last});
  sized.mpu_object_size = 5;
  EXPECT_EQ(error_of([&] { stream(complete_multipart_upload, sized); }), "InvalidRequest");
  EXPECT_EQ(error_of([&] { put_part("key", upload, 10'001, "x"); }), "InvalidArgument");
  EXPECT_EQ(error_of([&] { put_part("other", upload, 1, "x"); }), "NoSuchUpload");
  EXPECT_EQ(answer({last}), "");
  EXPECT_EQ(text(get("key")), "last");
  put("plain", "x");
  for (const char* key : {"key", "plain"}) {  // an empty id is nobody's
    EXPECT_EQ(error_of([&] { stream(complete_multipart_upload, completion(key, "", {last})); }),
              "NoSuchUpload");
  }
  expect_consistent();
}

TEST_F(S3Test, ALastPartMayBeEmpty) {
  std::string upload = begin_upload("key");
  auto first = put_part("key", upload, 1, kPart);
  auto last = put_part("key", upload, 2, "");
  stream(complete_multipart_upload, completion("key", upload, {first, last}));
  auto part = get("key", [](GetObjectInput& in) { in.part_number = 2; });
  EXPECT_EQ(text(part), "");
  EXPECT_EQ(part.content_length, 0);
  EXPECT_FALSE(part.content_range);
  EXPECT_EQ(part.parts_count, 2);
  EXPECT_EQ(text(get("key", [](GetObjectInput& in) { in.part_number = 1; })), kPart);
  EXPECT_EQ(text(get("key")), kPart);

  upload = begin_upload("empty");
  stream(complete_multipart_upload,
         completion("empty", upload, {put_part("empty", upload, 1, "")}));
  EXPECT_EQ(text(get("empty", [](GetObjectInput& in) { in.part_number = 1; })), "");
  expect_consistent();
}

TEST_F(S3Test, AbortedUploadsLeaveNothing) {
  std::string upload = begin_upload("key");
  put_part("key", upload, 1, kPart);
  AbortMultipartUploadInput abort;
  abort.bucket = "bucket";
  abort.key = "key";
  abort.upload_id = upload;
  run(abort_multipart_upload, abort);
  EXPECT_EQ(error_of([&] { run(abort_multipart_upload, abort); }), "NoSuchUpload");
  EXPECT_EQ(error_of([&] { put_part("key", upload, 2, "x"); }), "NoSuchUpload");
  expect_consistent();
  EXPECT_TRUE(blobs.all().empty());
}

TEST_F(S3Test, PartsCopiedFromObjects) {
  put("large", kPart + "0123456789");
  put("small", "tiny");
  std::string upload = begin_upload("key", "CRC32", kFullObject);
  auto copy_part = [&](int number, const std::string& source, const std::string& range) {
    UploadPartCopyInput input;
    input.bucket = "bucket";
    input.key = "key";
    input.upload_id = upload;
    input.part_number = number;
    input.copy_source = source;
    if (!range.empty()) input.copy_source_range = range;
    auto result = stream(upload_part_copy, input).copy_part_result.value();
    CompletedPart part;
    part.part_number = number;
    part.e_tag = result.e_tag;
    part.checksum_crc32 = result.checksum_crc32;
    return part;
  };
  auto first = copy_part(1, "bucket/large", "");
  auto again = copy_part(2, "bucket/large", "bytes=10-" + std::to_string(kPart.size() + 9));
  auto tail = copy_part(3, "bucket/small", "bytes=1-2");
  EXPECT_EQ(error_of([&] { copy_part(4, "bucket/small", "bytes=1-4"); }), "InvalidArgument");
  EXPECT_EQ(error_of([&] { copy_part(4, "bucket/small", "1-2"); }), "InvalidArgument");
  expect_consistent();
  erase("large");
  auto output = stream(complete_multipart_upload, completion("key", upload, {first, again, tail}));
  std::string whole = (kPart + "0123456789") + (kPart + "0123456789").substr(10) + "in";
  EXPECT_EQ(output.checksum_crc32, wire::checksum_base64("crc32", whole));
  EXPECT_EQ(output.checksum_type, kFullObject);
  EXPECT_EQ(text(get("key")), whole);
  EXPECT_EQ(get("key", [](auto& in) { in.checksum_mode = "ENABLED"; }).checksum_crc32,
            output.checksum_crc32);
  EXPECT_FALSE(get("key", [](auto& in) {
    in.checksum_mode = "ENABLED";
    in.range = "bytes=0-3";
  }).checksum_crc32);
  expect_consistent();
  erase("key");
  expect_consistent();
  EXPECT_TRUE(blobs.all().empty());
}

TEST_F(S3Test, ListsOfPartsAndUploads) {
  std::vector<std::string> ids;
  for (const char* key : {"a", "a", "b/1", "b/2", "c"}) {
    clock.advance(Duration(1000));
    ids.push_back(begin_upload(key));
  }
  for (int number : {3, 1, 2}) put_part("a", ids[0], number, "x");
  ListPartsInput parts;
  parts.bucket = "bucket";
  parts.key = "a";
  parts.upload_id = ids[0];
  parts.max_parts = 2;
  auto page = read([&](Call& call) { return list_parts(call, parts); });
  EXPECT_TRUE(*page.is_truncated);
  EXPECT_EQ(page.parts->size(), 2u);
  EXPECT_EQ(page.parts->at(0).part_number, 1);
  parts.part_number_marker = page.next_part_number_marker;
  page = read([&](Call& call) { return list_parts(call, parts); });
  EXPECT_FALSE(*page.is_truncated);
  EXPECT_EQ(page.parts->at(0).part_number, 3);

  for (int limit : {1, 2, 1000}) {
    ListMultipartUploadsInput input;
    input.bucket = "bucket";
    input.delimiter = "/";
    input.max_uploads = limit;
    std::vector<std::string> seen;
    for (bool more = true; more;) {
      auto listed = read([&](Call& call) { return list_multipart_uploads(call, input); });
      for (const auto& upload : listed.uploads.value_or(std::vector<s3::MultipartUpload>())) {
        seen.push_back(*upload.key + ":" + *upload.upload_id);
      }
      for (const auto& group : listed.common_prefixes.value_or(std::vector<CommonPrefix>())) {
        seen.push_back(*group.prefix);
      }
      more = *listed.is_truncated;
      input.key_marker = listed.next_key_marker;
      input.upload_id_marker = listed.next_upload_id_marker;
    }
    std::vector<std::string> expected = {"a:" + ids[0], "a:" + ids[1], "b/", "c:" + ids[4]};
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, expected) << limit;
  }
}

}  // namespace
}  // namespace trainyard::s3
