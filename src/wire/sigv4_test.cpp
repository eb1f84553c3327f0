// Signature Version 4: the examples that AWS publishes, and every way in which a request may differ
// from what was signed, for every form in which a signature and a payload may come.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "wire/payload.hpp"
#include "wire/sigv4.hpp"
#include "wire/sigv4_canonical.hpp"

namespace trainyard::wire {
namespace {

using testing::HasSubstr;

/// A request whose body lives as long as it does.
struct Message {
  http::Request request;
  std::string body;
  std::unique_ptr<http::StringBody> reader;

  http::Request& ready() {
    reader = std::make_unique<http::StringBody>(body);
    request.body = reader.get();
    if (!request.headers.has("transfer-encoding")) request.length = body.size();
    return request;
  }
};

Time at(std::string_view basic) {
  Time time;
  EXPECT_TRUE(parse_iso8601_basic(basic, time));
  return time;
}

struct Outcome {
  std::string code;  // "" when all is well
  int status = 0;
  std::string message;
  std::string payload;
};

Outcome check(Message& message, const VerifyingKey& key, Time now,
              std::string_view region = "us-east-1") {
  try {
    SignedRequest claim = parse_authorization(message.ready(), "");
    auto body = verify(claim, message.request, key, {.now = now, .region = region});
    return {.payload = http::read_all(*body, 64u << 20)};
  } catch (const ApiError& error) {
    return {error.code(), error.http_status(), error.message(), ""};
  }
}

// --- AWS's published examples --------------------------------------------------------------------

const Credentials kDocKeys{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
const VerifyingKey kDocKey{.secret = kDocKeys.secret};
constexpr std::string_view kDocTime = "20130524T000000Z";

std::string doc_authorization(std::string_view names, std::string_view signature) {
  return "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
         "SignedHeaders=" + std::string(names) + ",Signature=" + std::string(signature);
}

TEST(SigV4Published, S3GetObjectWithRange) {
  Message message;
  message.request.method = "GET";
  message.request.target = "/test.txt";
  auto& headers = message.request.headers;
  headers.add("Host", "examplebucket.s3.amazonaws.com");
  headers.add("Range", "bytes=0-9");
  headers.add("x-amz-content-sha256", std::string(kEmptyPayloadHash));
  headers.add("x-amz-date", std::string(kDocTime));
  headers.add("Authorization", doc_authorization(
      "host;range;x-amz-content-sha256;x-amz-date",
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
  EXPECT_EQ(check(message, kDocKey, at(kDocTime)).message, "");

  http::Headers own;
  own.add("Host", "examplebucket.s3.amazonaws.com");
  own.add("Range", "bytes=0-9");
  EXPECT_EQ(sign(kDocKeys, {"us-east-1", "s3"}, "GET", "/test.txt", own, kEmptyPayloadHash,
                 at(kDocTime)),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4Published, S3PutObject) {
  Message message;
  message.request.method = "PUT";
  message.request.target = "/test%24file.text";
  message.body = "Welcome to Amazon S3.";
  auto& headers = message.request.headers;
  headers.add("Host", "examplebucket.s3.amazonaws.com");
  headers.add("Date", "Fri, 24 May 2013 00:00:00 GMT");
  headers.add("x-amz-date", std::string(kDocTime));
  headers.add("x-amz-storage-class", "REDUCED_REDUNDANCY");
  headers.add("x-amz-content-sha256",
              "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
  headers.add("Authorization", doc_authorization(
      "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
  Outcome outcome = check(message, kDocKey, at(kDocTime));
  EXPECT_EQ(outcome.message, "");
  EXPECT_EQ(outcome.payload, "Welcome to Amazon S3.");
}

TEST(SigV4Published, S3BucketQueries) {
  for (auto [target, signature] :
       {std::pair{"/?lifecycle",
                  "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
        {"/?max-keys=2&prefix=J",
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"}}) {
    http::Headers headers;
    headers.add("Host", "examplebucket.s3.amazonaws.com");
    EXPECT_EQ(sign(kDocKeys, {"us-east-1", "s3"}, "GET", target, headers, kEmptyPayloadHash,
                   at(kDocTime)),
              signature);
  }
}

TEST(SigV4Published, S3Presigned) {
  constexpr std::string_view kSignature =
      "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
  std::string target = presign(kDocKeys, {"us-east-1", "s3"}, "GET",
                               "examplebucket.s3.amazonaws.com", "/test.txt",
                               std::chrono::seconds(86400), at(kDocTime));
  EXPECT_THAT(target, HasSubstr(kSignature));
  Message message;
  message.request.method = "GET";
  message.request.target = target;
  message.request.headers.add("Host", "examplebucket.s3.amazonaws.com");
  EXPECT_EQ(check(message, kDocKey, at(kDocTime) + std::chrono::hours(23)).message, "");
  Outcome late = check(message, kDocKey, at(kDocTime) + std::chrono::hours(24));
  EXPECT_EQ(late.code, "AccessDenied");
  EXPECT_EQ(late.message, "Request has expired");
}

TEST(SigV4Published, IamListUsers) {
  http::Headers headers;
  headers.add("Host", "iam.amazonaws.com");
  headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  EXPECT_EQ(sign({"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""},
                 {"us-east-1", "iam"}, "GET", "/?Action=ListUsers&Version=2010-05-08", headers,
                 kEmptyPayloadHash, at("20150830T123600Z")),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

std::string doc_chunk(std::size_t size, std::string_view signature) {
  return fmt::format("{:x};chunk-signature={}\r\n{}\r\n", size, signature, std::string(size, 'a'));
}

Message doc_chunked_upload() {
  Message message;
  message.request.method = "PUT";
  message.request.target = "/examplebucket/chunkObject.txt";
  auto& headers = message.request.headers;
  headers.add("Host", "s3.amazonaws.com");
  headers.add("x-amz-date", std::string(kDocTime));
  headers.add("x-amz-storage-class", "REDUCED_REDUNDANCY");
  headers.add("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
  headers.add("Content-Encoding", "aws-chunked");
  headers.add("x-amz-decoded-content-length", "66560");
  headers.add("Content-Length", "66824");
  headers.add("Authorization", doc_authorization(
      "content-encoding;content-length;host;x-amz-content-sha256;"
      "x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
      "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"));
  message.body =
      doc_chunk(65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648") +
      doc_chunk(1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497") +
      "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
  return message;
}

TEST(SigV4Published, S3ChunkedUpload) {
  Message message = doc_chunked_upload();
  EXPECT_EQ(message.body.size(), 66824u);
  Outcome outcome = check(message, kDocKey, at(kDocTime));
  EXPECT_EQ(outcome.message, "");
  EXPECT_EQ(outcome.payload, std::string(66560, 'a'));
  EXPECT_EQ(message.request.length, 66560u);
  EXPECT_FALSE(message.request.headers.has("content-encoding"));
}

TEST(SigV4Published, S3ChunkedUploadAltered) {
  Message data = doc_chunked_upload();
  data.body[70] = 'b';
  EXPECT_EQ(check(data, kDocKey, at(kDocTime)).code, "SignatureDoesNotMatch");
  Message last = doc_chunked_upload();
  last.body[last.body.size() - 6] ^= 1;
  EXPECT_EQ(check(last, kDocKey, at(kDocTime)).code, "SignatureDoesNotMatch");
  Message swapped = doc_chunked_upload();  // chunks of their own are right, their order is not
  swapped.body =
      doc_chunk(1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497") +
      doc_chunk(65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648") +
      "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
  EXPECT_EQ(check(swapped, kDocKey, at(kDocTime)).code, "SignatureDoesNotMatch");
  Message cut = doc_chunked_upload();
  cut.body.resize(cut.body.size() - 88);
  EXPECT_EQ(check(cut, kDocKey, at(kDocTime)).code, "IncompleteBody");
  Message unsigned_chunk = doc_chunked_upload();
  unsigned_chunk.body = "4\r\naaaa\r\n0\r\n\r\n";
  EXPECT_EQ(check(unsigned_chunk, kDocKey, at(kDocTime)).code, "InvalidRequest");
}

TEST(SigV4Published, S3ChunkedUploadWithTrailer) {
  Message message;
  message.request.method = "PUT";
  message.request.target = "/examplebucket/chunkObject.txt";
  auto& headers = message.request.headers;
  headers.add("Host", "s3.amazonaws.com");
  headers.add("x-amz-date", std::string(kDocTime));
  headers.add("x-amz-storage-class", "REDUCED_REDUNDANCY");
  headers.add("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER");
  headers.add("Content-Encoding", "aws-chunked");
  headers.add("x-amz-decoded-content-length", "66560");
  headers.add("x-amz-trailer", "x-amz-checksum-crc32c");
  headers.add("Content-Length", "66824");
  headers.add("Authorization", doc_authorization(
      "content-encoding;host;x-amz-content-sha256;x-amz-date;"
      "x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
      "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"));
  message.body =
      doc_chunk(65536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2") +
      doc_chunk(1024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7") +
      "0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
      "x-amz-checksum-crc32c:sOO8/Q==\r\n"
      "x-amz-trailer-signature:"
      "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n";
  Outcome outcome = check(message, kDocKey, at(kDocTime));
  EXPECT_EQ(outcome.message, "");
  EXPECT_EQ(outcome.payload, std::string(66560, 'a'));
  message.body[message.body.size() - 6] ^= 1;  // the trailer's signature
  EXPECT_EQ(check(message, kDocKey, at(kDocTime)).code, "SignatureDoesNotMatch");
}

// --- Every form, every alteration ----------------------------------------------------------------

constexpr std::string_view kNow = "20261123T120000Z";

struct Case {
  std::string name;
  std::string service;
  bool presigned = false;
  std::string payload_hash;  // S3: how the body is signed; "" = its hash
};

/// Forms a client can send, each with a session's token.
std::vector<Case> forms() {
  return {{"s3_hash", "s3"},
          {"s3_unsigned", "s3", false, "UNSIGNED-PAYLOAD"},
          {"s3_chunks", "s3", false, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
          {"s3_chunks_trailer", "s3", false, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"},
          {"s3_trailer", "s3", false, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
          {"s3_presigned", "s3", true},
          {"json", "sagemaker"},
          {"query", "sts"}};
}

const Credentials kKeys{"ASIATESTTESTTEST", "secretsecretsecretsecretsecret", "token+/="};
const VerifyingKey kKey{.secret = kKeys.secret,
                        .session_token = kKeys.session_token,
                        .expires = from_millis(4'000'000'000'000)};

/// Encodes as a client does: aws-chunked, with signatures and trailer as the form wants.
std::string encode(const Case& form, const std::string& data, const std::string& seed) {
  const bool chunks_signed = form.payload_hash.find("HMAC") != std::string::npos;
  const bool trailer = form.payload_hash.find("TRAILER") != std::string::npos;
  const std::string stamp(kNow);
  const std::string scope = scope_text("20261123", "us-east-1", "s3");
  const std::string key = signing_key(kKeys.secret, "20261123", "us-east-1", "s3");
  std::string previous = seed, text;
  auto chunk = [&](std::string_view piece) {
    text += fmt::format("{:x}", piece.size());
    if (chunks_signed) {
      previous = signature_of(key, "AWS4-HMAC-SHA256-PAYLOAD\n" + stamp + "\n" + scope + "\n" +
                                       previous + "\n" + std::string(kEmptyPayloadHash) + "\n" +
                                       sha256_hex(piece));
      text += ";chunk-signature=" + previous;
    }
    text += "\r\n";
    if (!piece.empty()) text.append(piece).append("\r\n");
  };
  for (std::size_t i = 0; i < data.size(); i += 10) chunk(std::string_view(data).substr(i, 10));
  chunk("");
  if (trailer) {
    std::string line = "x-amz-checksum-crc64nvme:" + checksum_base64("crc64nvme", data);
    text += line + "\r\n";
    if (chunks_signed) {
      text += "x-amz-trailer-signature:" +
              signature_of(key, "AWS4-HMAC-SHA256-TRAILER\n" + stamp + "\n" + scope + "\n" +
                                    previous + "\n" + sha256_hex(line + "\n")) +
              "\r\n";
    }
  }
  return text + "\r\n";
}

const std::string kData = "{\"some\": \"payload of thirty-nine bytes\"}";

Message signed_message(const Case& form) {
  Message message;
  http::Request& request = message.request;
  const bool for_s3 = form.service == "s3";
  request.method = for_s3 ? "PUT" : "POST";
  request.target = for_s3 ? "/bucket/a%20key/%2Bx?partNumber=1&uploadId=a%2Fb" : "/path/x?b=2&a=1";
  request.headers.add("Host", "127.0.0.1:4566");
  request.headers.add("Content-Type", "text/plain");
  if (form.presigned) {
    request.target = presign(kKeys, {"us-east-1", form.service}, request.method, "127.0.0.1:4566",
                             request.target, std::chrono::seconds(60), at(kNow));
    message.body = kData;
    return message;
  }
  request.headers.add("X-Amz-Meta-Colour", "  deep   blue ");
  std::string hash = form.payload_hash.empty() ? sha256_hex(kData) : form.payload_hash;
  if (hash.rfind("STREAMING", 0) == 0) {
    request.headers.add("X-Amz-Decoded-Content-Length", std::to_string(kData.size()));
    request.headers.add("Content-Encoding", "gzip,aws-chunked");
    if (hash.find("TRAILER") != std::string::npos) {
      request.headers.add("X-Amz-Trailer", "x-amz-checksum-crc64nvme");
    }
  }
  std::string seed = sign(kKeys, {"us-east-1", form.service}, request.method, request.target,
                          request.headers, hash, at(kNow));
  message.body = hash.rfind("STREAMING", 0) == 0 ? encode(form, kData, seed) : kData;
  return message;
}

class SigV4Forms : public testing::TestWithParam<Case> {
 protected:
  Message message_ = signed_message(GetParam());
  bool for_s3_ = GetParam().service == "s3";
  std::string mismatch_ =
      GetParam().service == "sagemaker" ? "InvalidSignatureException" : "SignatureDoesNotMatch";

  Outcome outcome(Time now = at(kNow)) { return check(message_, kKey, now); }
};

INSTANTIATE_TEST_SUITE_P(All, SigV4Forms, testing::ValuesIn(forms()),
                         [](const auto& info) { return info.param.name; });

TEST_P(SigV4Forms, Verifies) {
  Outcome result = outcome();
  EXPECT_EQ(result.message, "");
  EXPECT_EQ(result.payload, kData);
  EXPECT_EQ(message_.request.length, kData.size());
  if (GetParam().payload_hash.rfind("STREAMING", 0) == 0) {
    EXPECT_EQ(message_.request.headers.get("content-encoding"), "gzip");
  }
}

TEST_P(SigV4Forms, RefusesAnotherMethod) {
  message_.request.method = "DELETE";
  EXPECT_EQ(outcome().code, mismatch_);
}

TEST_P(SigV4Forms, RefusesAnotherPath) {
  message_.request.target[1] ^= 1;
  EXPECT_EQ(outcome().code, mismatch_);
}

TEST_P(SigV4Forms, RefusesAnotherQuery) {
  message_.request.target += "&versionId=1";
  EXPECT_EQ(outcome().code, mismatch_);
}

TEST_P(SigV4Forms, RefusesAnotherHost) {
  message_.request.headers.set("Host", "127.0.0.1:4567");
  EXPECT_EQ(outcome().code, mismatch_);
}

TEST_P(SigV4Forms, RefusesAnAddedAmzHeader) {
  message_.request.headers.add("x-amz-acl", "public-read");
  Outcome result = outcome();
  EXPECT_EQ(result.code, for_s3_ ? "AccessDenied" : mismatch_);
  EXPECT_EQ(result.status, 403);
}

TEST_P(SigV4Forms, RefusesAnAlteredOrDuplicatedHeader) {
  if (GetParam().presigned) return;  // it signs none but host
  message_.request.headers.set("X-Amz-Meta-Colour", "red");
  EXPECT_EQ(outcome().code, mismatch_);
  message_ = signed_message(GetParam());
  message_.request.headers.add("X-Amz-Meta-Colour", "red");
  EXPECT_EQ(outcome().code, mismatch_);
  message_ = signed_message(GetParam());
  message_.request.headers.remove("X-Amz-Meta-Colour");
  EXPECT_EQ(outcome().code, mismatch_);
}

TEST_P(SigV4Forms, RefusesAForgedSignature) {
  // The class of CVE-2026-40344: a form whose signature nobody looked at.
  auto forge = [&](std::string text) {
    std::size_t place = text.find("Signature=") + 10;
    return text.substr(0, place) + std::string(64, '0') + text.substr(place + 64);
  };
  if (GetParam().presigned) {
    message_.request.target = forge(message_.request.target);
  } else {
    message_.request.headers.set("Authorization",
                                 forge(message_.request.headers.get("Authorization")));
  }
  EXPECT_EQ(outcome().code, mismatch_);
}

TEST_P(SigV4Forms, RefusesAnotherSecret) {
  VerifyingKey other{.secret = "other", .session_token = kKey.session_token};
  EXPECT_EQ(check(message_, other, at(kNow)).code, mismatch_);
}

TEST_P(SigV4Forms, RefusesAnotherPayload) {
  std::size_t place = message_.body.find("thirty");
  message_.body[place] ^= 1;
  Outcome result = outcome();
  const std::string& form = GetParam().name;
  if (form == "s3_unsigned" || form == "s3_presigned") {
    EXPECT_EQ(result.message, "");  // what UNSIGNED-PAYLOAD means
  } else if (form == "s3_hash") {
    EXPECT_EQ(result.code, "XAmzContentSHA256Mismatch");
  } else if (form == "s3_trailer") {
    EXPECT_EQ(result.code, "BadDigest");
  } else {
    EXPECT_EQ(result.code, mismatch_);
  }
}

TEST_P(SigV4Forms, RefusesATruncatedPayload) {
  const std::string& form = GetParam().name;
  if (form == "s3_unsigned" || form == "s3_presigned") return;
  message_.body.resize(message_.body.size() / 2);
  EXPECT_NE(outcome().code, "");
}

TEST_P(SigV4Forms, RefusesTheWrongTime) {
  using std::chrono::minutes;
  EXPECT_EQ(outcome(at(kNow) - minutes(14)).message, "");
  for (minutes shift : {minutes(16), minutes(-16)}) {
    message_ = signed_message(GetParam());
    Outcome result = outcome(at(kNow) + shift);
    EXPECT_EQ(result.status, 403);
    if (GetParam().presigned) {
      EXPECT_EQ(result.code, "AccessDenied");
    } else {
      EXPECT_EQ(result.code, for_s3_ ? "RequestTimeTooSkewed" : mismatch_);
    }
  }
}

TEST_P(SigV4Forms, RefusesTheWrongToken) {
  std::string invalid = for_s3_                          ? "InvalidToken"
                        : GetParam().service == "sts" ? "InvalidClientTokenId"
                                                      : "UnrecognizedClientException";
  EXPECT_EQ(check(message_, {.secret = kKey.secret, .session_token = "other"}, at(kNow)).code,
            invalid);
  message_ = signed_message(GetParam());
  EXPECT_EQ(check(message_, {.secret = kKey.secret}, at(kNow)).code, invalid);
  message_ = signed_message(GetParam());
  VerifyingKey expired = kKey;
  expired.expires = at(kNow);
  EXPECT_THAT(check(message_, expired, at(kNow)).code, HasSubstr("ExpiredToken"));
}

TEST_P(SigV4Forms, RefusesAnotherRegion) {
  Outcome result = check(message_, kKey, at(kNow), "eu-west-1");
  EXPECT_EQ(result.code, for_s3_ ? "AuthorizationHeaderMalformed" : mismatch_);
  EXPECT_THAT(result.message, HasSubstr("eu-west-1"));
}

TEST_P(SigV4Forms, IsItsOwnServicesOnly) {
  auto rename = [&](std::string text) {
    return replace_all(std::move(text), GetParam().service + "/aws4", "other/aws4");
  };
  if (GetParam().presigned) {
    message_.request.target =
        replace_all(message_.request.target, "s3%2Faws4", "other%2Faws4");
  } else {
    message_.request.headers.set("Authorization",
                                 rename(message_.request.headers.get("Authorization")));
  }
  EXPECT_EQ(outcome().code, "InvalidSignatureException");
}

TEST(SigV4, UnsignedPayloadFormsAreForS3Only) {
  for (const char* form : {"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}) {
    Message message;
    message.request.method = "POST";
    message.request.target = "/";
    message.request.headers.add("Host", "h");
    message.request.headers.add("X-Amz-Content-Sha256", form);
    message.body = kData;
    sign(kKeys, {"us-east-1", "sagemaker"}, "POST", "/", message.request.headers, form, at(kNow));
    EXPECT_EQ(check(message, kKey, at(kNow)).code, "InvalidSignatureException");
  }
}

TEST(SigV4, RefusesMalformedClaims) {
  struct Malformed {
    const char* authorization;
    const char* code;
  };
  const std::string good =
      "AWS4-HMAC-SHA256 Credential=AK/20261123/us-east-1/sagemaker/aws4_request, "
      "SignedHeaders=host, Signature=" + std::string(64, 'a');
  for (auto [authorization, code] : std::initializer_list<Malformed>{
           {"", "InvalidRequest"},
           {"AWS AK:abcdef", "InvalidRequest"},
           {"Bearer x", "InvalidRequest"},
           {"AWS4-ECDSA-P256-SHA256 Credential=AK", "InvalidRequest"},
           {"AWS4-HMAC-SHA256", "IncompleteSignatureException"},
           {"AWS4-HMAC-SHA256 Credential=AK/20261123/us-east-1/sts/aws4_request",
            "IncompleteSignature"},
           {"AWS4-HMAC-SHA256 Credential=AK/20261123/us-east-1/s3/aws4_request, Signature=00",
            "AuthorizationHeaderMalformed"},
           {"AWS4-HMAC-SHA256 Credential=AK/us-east-1/sagemaker/aws4_request, "
            "SignedHeaders=host, Signature=00", "IncompleteSignatureException"},
           {"AWS4-HMAC-SHA256 Credential=AK/20261123/us-east-1/sagemaker/aws4_request, "
            "SignedHeaders=host;;x, Signature=00", "IncompleteSignatureException"},
           {"AWS4-HMAC-SHA256 Credential=AK/20261123/us-east-1/sagemaker/aws4_request, "
            "SignedHeaders=host, Signature=00, Signature=11", "IncompleteSignatureException"},
           {good.c_str(), "IncompleteSignatureException"}}) {  // no date
    Message message;
    message.request.method = "POST";
    message.request.target = "/";
    message.request.headers.add("Host", "h");
    message.request.headers.add("Authorization", authorization);
    EXPECT_EQ(check(message, kKey, at(kNow)).code, code) << authorization;
  }
  Message none;
  none.request.target = "/";
  for (auto [service, code] : {std::pair("", "MissingAuthenticationTokenException"),
                               {"s3", "AccessDenied"},
                               {"iam", "MissingAuthenticationToken"}}) {
    try {
      parse_authorization(none.ready(), service);
      ADD_FAILURE() << service;
    } catch (const ApiError& error) {
      EXPECT_EQ(error.code(), code);
    }
  }
  EXPECT_FALSE(has_signature(none.request));
}

TEST(SigV4, RefusesMalformedPresignedQueries) {
  const std::string good = presign(kKeys, {"us-east-1", "s3"}, "GET", "h", "/b/k",
                                   std::chrono::seconds(60), at(kNow));
  auto code = [&](std::string target, bool header = false) {
    Message message;
    message.request.method = "GET";
    message.request.target = std::move(target);
    message.request.headers.add("Host", "h");
    if (header) message.request.headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=x");
    EXPECT_TRUE(has_signature(message.request));
    return check(message, kKey, at(kNow)).code;
  };
  const std::string query_error = "AuthorizationQueryParametersError";
  EXPECT_EQ(code(good), "");
  EXPECT_EQ(code(good, true), "InvalidArgument");
  EXPECT_EQ(code(good + "&X-Amz-Date=20261123T120000Z"), query_error);
  EXPECT_EQ(code(replace_all(good, "X-Amz-Expires=60", "X-Amz-Expires=604801")), query_error);
  EXPECT_EQ(code(replace_all(good, "X-Amz-Expires=60", "X-Amz-Expires=-1")), query_error);
  EXPECT_EQ(code(replace_all(good, "X-Amz-Expires=60", "X-Amz-Expires=61")),
            "SignatureDoesNotMatch");
  EXPECT_EQ(code(replace_all(good, "X-Amz-Expires=60&", "")), query_error);
  EXPECT_EQ(code(replace_all(good, "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1")), query_error);
  EXPECT_EQ(code(replace_all(good, "X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=date")),
            "AccessDenied");
  EXPECT_EQ(code("/b/k?X-Amz-Signature=00"), query_error);
  EXPECT_EQ(code("/b/k?X-Amz-Signature=%zz"), "InvalidURI");
  EXPECT_EQ(code("/b/k?AWSAccessKeyId=a&Signature=b&Expires=1"), "InvalidRequest");
}

TEST(SigV4, S3WantsThePayloadsHash) {
  Message message = signed_message({"", "s3"});
  message.request.headers.remove("x-amz-content-sha256");
  EXPECT_EQ(check(message, kKey, at(kNow)).code, "InvalidRequest");
}

TEST(SigV4, ReadsNoMoreThanTheLimitForOtherServices) {
  Message message = signed_message({"", "sagemaker"});
  SignedRequest claim = parse_authorization(message.ready(), "");
  EXPECT_THROW(verify(claim, message.request, kKey, {.now = at(kNow), .body_max = 10}), ApiError);
}

TEST(SigV4, SpellsUnknownKeysAsTheServiceDoes) {
  EXPECT_EQ(unknown_access_key("s3").code(), "InvalidAccessKeyId");
  EXPECT_EQ(unknown_access_key("sts").code(), "InvalidClientTokenId");
  EXPECT_EQ(unknown_access_key("states").code(), "UnrecognizedClientException");
  EXPECT_EQ(missing_authentication("iam").code(), "MissingAuthenticationToken");
  EXPECT_EQ(missing_authentication("s3").code(), "AccessDenied");
}

}  // namespace
}  // namespace trainyard::wire
