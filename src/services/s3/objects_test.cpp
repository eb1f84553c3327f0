#include <set>

#include "services/s3/names.hpp"
#include "services/s3/s3_testing.hpp"

namespace trainyard::s3 {
namespace {

const std::string kLarge(100'000, 'x');

TEST_F(S3Test, BucketNames) {
  for (std::string good : {"abc", "a.b-c", "sagemaker-us-east-1-000000000000", "1ab"}) {
    EXPECT_EQ(error_of([&] { check_bucket_name(good); }), "") << good;
  }
  for (std::string bad : {"", "ab", "A-b", "a_b", "-ab", "ab-", "a..b", "1.2.3.4", "xn--abc",
                          "x-s3alias", "a/b"}) {
    EXPECT_EQ(error_of([&] { make_bucket(bad); }), "InvalidBucketName") << bad;
  }
  EXPECT_EQ(error_of([&] { make_bucket(std::string(64, 'a')); }), "InvalidBucketName");
}

TEST_F(S3Test, Buckets) {
  make_bucket("bucket");  // one's own again: us-east-1 answers 200
  make_bucket("another");
  auto listed = read([&](Call& call) { return list_buckets(call, {}); });
  ASSERT_EQ(listed.buckets->size(), 2u);
  EXPECT_EQ(listed.buckets->at(0).name, "another");
  EXPECT_EQ(listed.buckets->at(1).creation_date, clock.now());
  ListBucketsInput page;
  page.max_buckets = 1;
  page.prefix = "b";
  listed = read([&](Call& call) { return list_buckets(call, page); });
  ASSERT_EQ(listed.buckets->size(), 1u);
  EXPECT_EQ(listed.buckets->at(0).name, "bucket");
  EXPECT_FALSE(listed.continuation_token);

  EXPECT_FALSE(read([&](Call& call) {
    return get_bucket_location(call, {.bucket = "bucket"});
  }).location_constraint);
  EXPECT_EQ(error_of([&] {
    read([&](Call& call) { return head_bucket(call, {.bucket = "no"}); });
  }), "NoSuchBucket");
  EXPECT_EQ(error_of([&] {
    read([&](Call& call) {
      return head_bucket(call, {.bucket = "bucket", .expected_bucket_owner = "1"});
    });
  }), "AccessDenied");
  CreateBucketInput elsewhere;
  elsewhere.bucket = "elsewhere";
  elsewhere.create_bucket_configuration.emplace().location_constraint = "eu-west-1";
  EXPECT_EQ(error_of([&] { run(create_bucket, elsewhere); }), "IllegalLocationConstraintException");

  put("key", kLarge);
  EXPECT_EQ(error_of([&] { run(delete_bucket, {.bucket = "bucket"}); }), "BucketNotEmpty");
  erase("key");
  std::string upload = begin_upload("key");
  put_part("key", upload, 1, kLarge);
  run(delete_bucket, {.bucket = "bucket"});
  EXPECT_EQ(error_of([&] { get("key"); }), "NoSuchBucket");
  expect_consistent();
  EXPECT_TRUE(blobs.all().empty());
}

TEST_F(S3Test, BodiesOfEverySizeComeBack) {
  for (std::size_t size : {0ul, 1ul, kInlineBodyMax, kInlineBodyMax + 1, 1'000'003ul}) {
    std::string body;
    for (std::size_t i = 0; i < size; ++i) body += static_cast<char>(random.next());
    std::string etag = put("key", body);
    EXPECT_EQ(etag, "\"" + hex(digest(Digest::md5, body)) + "\"");
    auto output = get("key");
    EXPECT_EQ(text(output), body);
    EXPECT_EQ(output.content_length, static_cast<int64_t>(size));
    EXPECT_EQ(output.e_tag, etag);
    expect_consistent();
    EXPECT_EQ(blobs.all().size(), size > kInlineBodyMax ? 1u : 0u);
  }
  erase("key");
  erase("key");
  EXPECT_EQ(error_of([&] { get("key"); }), "NoSuchKey");
  expect_consistent();
}

TEST_F(S3Test, HeadersComeBack) {
  put("plain", "x");
  auto plain = get("plain");
  EXPECT_EQ(plain.content_type, "binary/octet-stream");
  EXPECT_EQ(plain.last_modified, clock.now());
  EXPECT_EQ(plain.accept_ranges, "bytes");
  put("key", "x", [](PutObjectInput& input) {
    input.content_type = "text/csv";
    input.content_encoding = "gzip";
    input.cache_control = "no-cache";
    input.expires = "0";
    input.metadata.emplace()["colour"] = "blue";
    input.server_side_encryption = "aws:kms";
  });
  auto output = get("key", [](GetObjectInput& input) {
    input.response_content_type = "text/plain";
  });
  EXPECT_EQ(output.content_type, "text/plain");
  EXPECT_EQ(output.content_encoding, "gzip");
  EXPECT_EQ(output.expires, "0");
  EXPECT_EQ(output.metadata->at("colour"), "blue");
  EXPECT_EQ(output.server_side_encryption, "aws:kms");
  auto head = read([&](Call& call) {
    return head_object(call, {.bucket = "bucket", .key = "key"});
  });
  EXPECT_EQ(head.content_type, "text/csv");
  EXPECT_EQ(head.content_length, 1);
  for (std::string bad : {"text/plain\nx:y", "a\r", "\x1b", "\x7f"}) {
    EXPECT_EQ(error_of([&] {
      get("key", [&](GetObjectInput& input) { input.response_content_type = bad; });
    }), "InvalidArgument");
    EXPECT_EQ(error_of([&] {
      read([&](Call& call) {
        return head_object(call, {.bucket = "bucket", .key = "key",
                                  .response_content_disposition = bad});
      });
    }), "InvalidArgument");
  }
  auto put_error = [&](auto change) { return error_of([&] { put("key", "x", change); }); };
  EXPECT_EQ(put_error([](PutObjectInput& input) {
    input.metadata.emplace()["long"] = std::string(2048, 'a');
  }), "MetadataTooLarge");
  EXPECT_EQ(put_error([](PutObjectInput& input) { input.sse_customer_algorithm = "AES256"; }),
            "NotImplemented");
  EXPECT_EQ(put_error([](PutObjectInput& input) { input.tagging = "a=b"; }), "NotImplemented");
  for (const char* bad : {"FOO", "standard", "OUTPOSTS"}) {
    EXPECT_EQ(put_error([&](PutObjectInput& input) { input.storage_class = bad; }),
              "InvalidStorageClass");
  }
  for (const char* bad : {"FOO", "aes256", "aws:fsx"}) {
    EXPECT_EQ(put_error([&](PutObjectInput& input) { input.server_side_encryption = bad; }),
              "InvalidArgument");
  }
  EXPECT_EQ(put_error([](PutObjectInput& input) { input.storage_class = "STANDARD_IA"; }), "");
  EXPECT_EQ(get("key").storage_class, "STANDARD_IA");
  EXPECT_EQ(put_error([](PutObjectInput& input) { input.acl = "public-read"; }),
            "AccessControlListNotSupported");
  EXPECT_EQ(put_error([](PutObjectInput& input) { input.acl = "bucket-owner-full-control"; }), "");
  EXPECT_EQ(put_error([](PutObjectInput& input) { input.key = std::string(1025, 'k'); }),
            "KeyTooLongError");
  EXPECT_EQ(put_error([](PutObjectInput& input) { input.key = "a\xff"; }), "InvalidURI");
  EXPECT_EQ(put_error([](PutObjectInput& input) { input.bucket = "no-such-one"; }), "NoSuchBucket");
}

TEST_F(S3Test, Ranges) {
  struct Case {
    const char* range;
    const char* body;  // nullptr: 416
    const char* content_range;
  };
  const Case cases[] = {
      {"bytes=0-0", "0", "bytes 0-0/10"},      {"bytes=2-4", "234", "bytes 2-4/10"},
      {"bytes=7-", "789", "bytes 7-9/10"},     {"bytes=7-100", "789", "bytes 7-9/10"},
      {"bytes=-3", "789", "bytes 7-9/10"},     {"bytes=-100", "0123456789", "bytes 0-9/10"},
      {"bytes=10-", nullptr, nullptr},         {"bytes=-0", nullptr, nullptr},
      {"bytes=4-2", "0123456789", nullptr},    {"bytes=a-b", "0123456789", nullptr},
      {"bytes=0-1,3-4", "0123456789", nullptr}, {"lines=0-1", "0123456789", nullptr},
      {"bytes=99999999999999999999-", "0123456789", nullptr},
  };
  put("key", "0123456789");
  for (const Case& c : cases) {
    auto ask = [&](GetObjectInput& input) { input.range = c.range; };
    if (c.body == nullptr) {
      EXPECT_EQ(error_of([&] { get("key", ask); }), "InvalidRange") << c.range;
      continue;
    }
    auto output = get("key", ask);
    EXPECT_EQ(text(output), c.body) << c.range;
    EXPECT_EQ(output.content_range.value_or("-"), c.content_range ? c.content_range : "-");
    EXPECT_EQ(output.content_length, static_cast<int64_t>(std::string(c.body).size()));
  }
  put("empty", "");
  EXPECT_EQ(error_of([&] {
    get("empty", [](GetObjectInput& input) { input.range = "bytes=0-"; });
  }), "InvalidRange");
}

TEST_F(S3Test, Conditions) {
  std::string etag = put("key", "body");
  Time then = clock.now();
  auto answer = [&](auto change) { return error_of([&] { get("key", change); }); };
  EXPECT_EQ(answer([&](GetObjectInput& in) { in.if_match = etag; }), "");
  EXPECT_EQ(answer([&](GetObjectInput& in) { in.if_match = "*"; }), "");
  EXPECT_EQ(answer([&](GetObjectInput& in) { in.if_match = "\"x\", " + etag; }), "");
  EXPECT_EQ(answer([&](GetObjectInput& in) { in.if_match = "\"x\""; }), "PreconditionFailed");
  EXPECT_EQ(answer([&](GetObjectInput& in) { in.if_none_match = etag; }), "NotModified");
  EXPECT_EQ(answer([&](GetObjectInput& in) { in.if_modified_since = then; }), "NotModified");
  EXPECT_EQ(answer([&](GetObjectInput& in) {
    in.if_none_match = "\"x\"";  // decides alone
    in.if_modified_since = then;
  }), "");
  EXPECT_EQ(answer([&](GetObjectInput& in) {
    in.if_unmodified_since = then - std::chrono::seconds(1);
  }), "PreconditionFailed");
  EXPECT_EQ(answer([&](GetObjectInput& in) {
    in.if_match = etag;
    in.if_unmodified_since = then - std::chrono::seconds(1);
  }), "");
  auto write_error = [&](auto change) { return error_of([&] { put("key", kLarge, change); }); };
  EXPECT_EQ(write_error([](PutObjectInput& in) { in.if_none_match = "*"; }), "PreconditionFailed");
  EXPECT_EQ(write_error([](PutObjectInput& in) { in.if_match = "\"x\""; }), "PreconditionFailed");
  EXPECT_EQ(write_error([&](PutObjectInput& in) { in.if_match = etag; }), "");
  expect_consistent();
}

/// A body that fails after a while, as one with a wrong digest does at its end.
class BrokenBody final : public http::BodyReader {
 public:
  std::size_t read(char* data, std::size_t size) override {
    if (pieces_++ > 3) throw ApiError("BadDigest", 400, "no");
    std::fill(data, data + size, 'x');
    return size;
  }

 private:
  int pieces_ = 0;
};

TEST_F(S3Test, WhatFailsLeavesNothing) {
  put("key", kLarge);
  EXPECT_EQ(error_of([&] {
    put("key", "", [](PutObjectInput& input) { input.body = std::make_shared<BrokenBody>(); });
  }), "BadDigest");
  expect_consistent();
  // The bucket goes away while the body comes in: the blob goes too.
  class Deleting final : public http::BodyReader {
   public:
    explicit Deleting(Store& store) : store_(store) {}
    std::size_t read(char* data, std::size_t size) override {
      if (done_) return 0;
      store_.write([](Txn& txn) { txn.exec("DELETE FROM s3_buckets"); });
      done_ = true;
      std::fill(data, data + size, 'x');
      return size;
    }

   private:
    Store& store_;
    bool done_ = false;
  };
  EXPECT_EQ(error_of([&] {
    put("key", "", [&](PutObjectInput& in) { in.body = std::make_shared<Deleting>(store); });
  }), "NoSuchBucket");
  expect_consistent();
  request.length = kPutBytesMax + 1;
  make_bucket("bucket");
  EXPECT_EQ(error_of([&] { put("big", "x"); }), "EntityTooLarge");
}

TEST_F(S3Test, OrphansOfACrashAreSwept) {
  put("key", kLarge);
  auto writer = blobs.create(random);
  writer->write("an upload that never was");
  writer->finish();
  EXPECT_EQ(blobs.all().size(), 2u);
  sweep_orphans(store, blobs);
  expect_consistent();
  EXPECT_EQ(text(get("key")), kLarge);
}

TEST_F(S3Test, AReaderKeepsWhatIsReplaced) {
  put("key", kLarge);
  auto output = get("key");
  put("key", "new");
  perform();
  EXPECT_EQ(text(output), kLarge);
  output.body.reset();
  expect_consistent();
  EXPECT_TRUE(blobs.all().empty());
}

TEST_F(S3Test, DeletesInBatchesAreAuthorisedByKey) {
  for (const char* key : {"mine/a", "mine/b", "theirs/c"}) put(key, kLarge);
  DeleteObjectsInput input;
  input.bucket = "bucket";
  for (const char* key : {"mine/a", "mine/none", "theirs/c"}) {
    input.delete_.objects.emplace_back().key = key;
  }
  Caller root = caller;
  caller.kind = PrincipalKind::user;
  caller.name = "bob";
  caller.arn = "arn:aws:iam::000000000000:user/bob";
  auto denied = run(delete_objects, input);
  ASSERT_EQ(denied.errors->size(), 3u);
  EXPECT_EQ(denied.errors->at(0).code, "AccessDenied");
  EXPECT_FALSE(denied.deleted);
  auto elsewhere = input;
  elsewhere.bucket = "no-such-one";
  EXPECT_EQ(run(delete_objects, elsewhere).errors->at(2).code, "AccessDenied");
  EXPECT_EQ(error_of([&] { get("missing"); }), "AccessDenied");  // who may not list hears no more
  caller = root;
  EXPECT_EQ(error_of([&] { get("missing"); }), "NoSuchKey");
  EXPECT_EQ(error_of([&] { run(delete_objects, elsewhere); }), "NoSuchBucket");
  auto output = run(delete_objects, input);
  ASSERT_EQ(output.deleted->size(), 3u);
  EXPECT_FALSE(output.errors);
  EXPECT_EQ(error_of([&] { get("theirs/c"); }), "NoSuchKey");
  EXPECT_EQ(text(get("mine/b")), kLarge);
  input.delete_.quiet = true;
  EXPECT_FALSE(run(delete_objects, input).deleted);
  input.delete_.objects.resize(1001);
  EXPECT_EQ(error_of([&] { run(delete_objects, input); }), "MalformedXML");
  expect_consistent();
}

TEST_F(S3Test, CopiesShareBytes) {
  put("small", "tiny", [](PutObjectInput& in) { in.metadata.emplace()["a"] = "1"; });
  std::string etag = put("large", kLarge);
  auto copy = [&](const std::string& source, const std::string& key, auto change) {
    CopyObjectInput input;
    input.bucket = "bucket";
    input.key = key;
    input.copy_source = source;
    change(input);
    return stream(copy_object, input).copy_object_result.value();
  };
  auto plain = [](CopyObjectInput&) {};
  EXPECT_EQ(copy("/bucket/large", "copies/%41 b", plain).e_tag, etag);
  copy("bucket/copies/%2541%20b", "again", plain);
  copy("bucket/small", "small-2", plain);
  EXPECT_EQ(blobs.all().size(), 1u);
  EXPECT_EQ(get("small-2").metadata->at("a"), "1");
  copy("bucket/small", "small", [](CopyObjectInput& input) {
    input.metadata_directive = "REPLACE";
    input.metadata.emplace()["b"] = "2";
  });
  EXPECT_EQ(get("small").metadata->count("a"), 0u);
  EXPECT_EQ(text(get("small")), "tiny");
  auto checked = copy("bucket/large", "checked", [](CopyObjectInput& input) {
    input.checksum_algorithm = "CRC32";
  });
  EXPECT_EQ(checked.checksum_crc32->size(), 8u);
  expect_consistent();
  erase("large");
  put("again", "other");
  expect_consistent();
  EXPECT_EQ(text(get("copies/%41 b")), kLarge);
  EXPECT_EQ(text(get("checked")), kLarge);

  EXPECT_EQ(error_of([&] { copy("bucket/small", "small", plain); }), "InvalidRequest");
  EXPECT_EQ(error_of([&] { copy("bucket/none", "x", plain); }), "NoSuchKey");
  EXPECT_EQ(error_of([&] { copy("none/x", "x", plain); }), "NoSuchBucket");
  EXPECT_EQ(error_of([&] { copy("bucket", "x", plain); }), "InvalidArgument");
  EXPECT_EQ(error_of([&] {
    copy("bucket/small", "x", [](CopyObjectInput& in) { in.copy_source_if_match = "\"no\""; });
  }), "PreconditionFailed");
  caller.kind = PrincipalKind::user;
  caller.name = "bob";
  EXPECT_EQ(error_of([&] { copy("bucket/small", "x", plain); }), "AccessDenied");
}

}  // namespace
}  // namespace trainyard::s3
