// Payload checks of S3 by themselves: digests, checksums, the aws-chunked coding and its limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "wire/payload.hpp"
#include "wire/payload_chunks.hpp"
#include "wire/sigv4.hpp"

namespace trainyard::wire {
namespace {

/// Gives out at most `piece` bytes at once.
class SlowBody final : public http::BodyReader {
 public:
  SlowBody(std::string text, std::size_t piece) : body_(std::move(text)), piece_(piece) {}
  std::size_t read(char* data, std::size_t size) override {
    return body_.read(data, std::min(size, piece_));
  }

 private:
  http::StringBody body_;
  std::size_t piece_;
};

struct Put {
  http::Headers headers;
  std::string body;
  std::string hash{kUnsignedPayload};
  std::string method = "PUT";
  std::string target = "/bucket/key";
  std::size_t piece = 1 << 20;
  std::vector<Checksum> verified;
  std::string payload;

  /// The error's code, or "".
  std::string run() {
    SlowBody raw(body, piece);
    http::Request request;
    request.method = method;
    request.target = target;
    request.headers = headers;
    request.body = &raw;
    request.length = body.size();
    try {
      auto reader = checked_payload(request, hash, {});
      payload = http::read_all(*reader, 1 << 24);
      verified = verified_checksums(*reader);
      return "";
    } catch (const ApiError& error) {
      return error.code();
    }
  }
};

TEST(Payload, ChecksumsOfKnownText) {
  EXPECT_EQ(checksum_base64("crc32", "123456789"), base64("\xcb\xf4\x39\x26"));
  EXPECT_EQ(checksum_base64("crc32c", "123456789"), base64("\xe3\x06\x92\x83"));
  EXPECT_EQ(checksum_base64("crc64nvme", "123456789"), base64("\xae\x8b\x14\x86\x0a\x79\x98\x88"));
  EXPECT_EQ(checksum_base64("sha1", ""), "2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
  EXPECT_EQ(checksum_base64("sha256", ""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  EXPECT_EQ(checksum_base64("md4", ""), "");
}

TEST(Payload, VerifiesContentMd5) {
  Put put{.body = "hello"};
  put.headers.set("Content-MD5", base64(digest(Digest::md5, "hello")));
  EXPECT_EQ(put.run(), "");
  EXPECT_EQ(put.payload, "hello");
  put.body = "hallo";
  EXPECT_EQ(put.run(), "BadDigest");
  for (const char* bad : {"", "x", "aGVsbG8=", "!!!!"}) {
    put.headers.set("Content-MD5", bad);
    EXPECT_EQ(put.run(), "InvalidDigest") << bad;
  }
}

TEST(Payload, VerifiesChecksumHeaders) {
  for (const char* algorithm : {"crc32", "crc32c", "crc64nvme", "sha1", "sha256"}) {
    const std::string name = std::string("x-amz-checksum-") + algorithm;
    Put put{.body = "hello"};
    put.headers.set(name, checksum_base64(algorithm, "hello"));
    EXPECT_EQ(put.run(), "") << algorithm;
    ASSERT_EQ(put.verified.size(), 1u);
    EXPECT_EQ(put.verified[0].algorithm, algorithm);
    put.headers.set(name, checksum_base64(algorithm, "hallo"));
    EXPECT_EQ(put.run(), "BadDigest") << algorithm;
    put.headers.set(name, "AAA=");
    EXPECT_EQ(put.run(), "InvalidRequest") << algorithm;
    put.headers.set("x-amz-checksum-algorithm", algorithm);
  }
  Put two{.body = "hello"};
  two.headers.set("x-amz-checksum-crc32", checksum_base64("crc32", "hello"));
  two.headers.set("x-amz-checksum-sha1", checksum_base64("sha1", "hello"));
  EXPECT_EQ(two.run(), "InvalidRequest");
}

TEST(Payload, ChecksumHeadersOfCompleteMultipartUploadAreNotItsBodys) {
  Put put{.body = "<CompleteMultipartUpload/>", .method = "POST", .target = "/b/k?uploadId=1"};
  put.headers.set("x-amz-checksum-crc32", checksum_base64("crc32", "the object"));
  EXPECT_EQ(put.run(), "");
}

TEST(Payload, EmptyBodiesAreCheckedAtOnce) {
  http::Request request;
  http::StringBody nothing("");
  request.body = &nothing;
  request.method = "PUT";
  EXPECT_NO_THROW(checked_payload(request, kEmptyPayloadHash, {}));
  EXPECT_THROW(checked_payload(request, sha256_hex("hello"), {}), ApiError);
  EXPECT_THROW(checked_payload(request, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", {}), ApiError);
  request.headers.set("x-amz-decoded-content-length", "0");
  EXPECT_THROW(checked_payload(request, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", {}), ApiError);
}

TEST(Payload, TheLastPieceComesOnlyWhenEverythingIsVerified) {
  // A reader that takes exactly the announced length and never asks for the end.
  http::Request request;
  http::StringBody raw("hallo");
  request.body = &raw;
  request.length = 5;
  auto reader = checked_payload(request, sha256_hex("hello"), {});
  char data[5];
  EXPECT_EQ(reader->read(data, 3), 3u);
  EXPECT_THROW(reader->read(data, 2), ApiError);
}

TEST(Payload, RefusesUnknownForms) {
  for (const char* hash : {"", "nonsense", "UNSIGNED", "STREAMING-UNSIGNED-PAYLOAD",
                           "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-X"}) {
    EXPECT_EQ((Put{.body = "x", .hash = hash}).run(), "InvalidArgument") << hash;
  }
  EXPECT_EQ((Put{.body = "x", .hash = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}).run(),
            "NotImplemented");
}

Put trailer_put(const std::string& data, const std::string& encoded) {
  Put put{.body = encoded, .hash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"};
  put.headers.set("x-amz-decoded-content-length", std::to_string(data.size()));
  put.headers.set("x-amz-trailer", "x-amz-checksum-crc32");
  return put;
}

TEST(PayloadChunks, DecodesInPiecesOfAnySize) {
  const std::string data = "hello world, this is chunked";
  const std::string encoded = "5\r\nhello\r\n7\r\n world,\r\n10\r\n this is chunked\r\n0\r\n"
                              "x-amz-checksum-crc32:" + checksum_base64("crc32", data) +
                              "\r\n\r\n";
  for (std::size_t piece : {1, 2, 3, 7, 64, 100000}) {
    Put put = trailer_put(data, encoded);
    put.piece = piece;
    EXPECT_EQ(put.run(), "") << piece;
    EXPECT_EQ(put.payload, data);
    ASSERT_EQ(put.verified.size(), 1u);
    EXPECT_EQ(put.verified[0].value, checksum_base64("crc32", data));
  }
}

TEST(PayloadChunks, DecodesAnEmptyPayload) {
  Put put = trailer_put("", "0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
  EXPECT_EQ(put.run(), "");
  EXPECT_EQ(put.payload, "");
}

TEST(PayloadChunks, RefusesWhatIsNotWellFormed) {
  const std::string crc = "x-amz-checksum-crc32:" + checksum_base64("crc32", "hello") + "\r\n";
  struct Bad {
    std::string encoded;
    const char* code;
  };
  for (const Bad& bad : std::initializer_list<Bad>{
           {"", "IncompleteBody"},
           {"5\r\nhel", "IncompleteBody"},
           {"5\r\nhello\r\n", "IncompleteBody"},
           {"5\r\nhello\r\n0\r\n", "IncompleteBody"},
           {"5\r\nhello\r\n0\r\n" + crc, "IncompleteBody"},
           {"5\r\nhelloX\r\n0\r\n" + crc + "\r\n", "InvalidRequest"},
           {"x\r\nhello\r\n0\r\n" + crc + "\r\n", "InvalidRequest"},
           {"-5\r\nhello\r\n0\r\n" + crc + "\r\n", "InvalidRequest"},
           {"000000005\r\nhello\r\n0\r\n" + crc + "\r\n", "InvalidRequest"},
           {std::string(3000, '0') + "5\r\nhello\r\n0\r\n" + crc + "\r\n", "InvalidRequest"},
           {"4\r\nhell\r\n0\r\n" + crc + "\r\n", "IncompleteBody"},
           {"6\r\nhello!\r\n0\r\n" + crc + "\r\n", "IncompleteBody"},
           {"5\r\nhello\r\n0\r\n\r\n", "MalformedTrailerError"},
           {"5\r\nhello\r\n0\r\nnonsense\r\n\r\n", "MalformedTrailerError"},
           {"5\r\nhello\r\n0\r\n" + crc + "x-amz-checksum-sha1:x\r\n\r\n", "MalformedTrailerError"},
           {"5\r\nhello\r\n0\r\n" + crc + crc + "\r\n", "MalformedTrailerError"},
           {"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "BadDigest"},
           {"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:zz\r\n\r\n", "InvalidRequest"},
           {"5\r\nhello\r\n0\r\n" + crc + "\r\nmore", "InvalidRequest"},
           {"5\r\nhello\r\n0\r\nx:" + std::string(20000, 'y') + "\r\n\r\n", "InvalidRequest"}}) {
    for (std::size_t piece : {1, 1 << 20}) {
      Put put = trailer_put("hello", bad.encoded);
      put.piece = piece;
      EXPECT_EQ(put.run(), bad.code) << bad.encoded.substr(0, 60);
    }
  }
}

TEST(PayloadChunks, WantsTheDecodedLength) {
  Put put{.body = "0\r\n\r\n", .hash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"};
  EXPECT_EQ(put.run(), "MissingContentLength");
  put.headers.set("x-amz-decoded-content-length", "many");
  EXPECT_EQ(put.run(), "InvalidArgument");
  put.headers.set("x-amz-decoded-content-length", "0");
  EXPECT_EQ(put.run(), "");
  put.headers.set("x-amz-trailer", "x-amz-meta-a");
  EXPECT_EQ(put.run(), "InvalidRequest");
}

}  // namespace
}  // namespace trainyard::wire
