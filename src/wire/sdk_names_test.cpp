#include "wire/sdk_names.hpp"

#include <gtest/gtest.h>

namespace trainyard::wire {
namespace {

TEST(SdkNames, MembersHaveOneCapitalAWord) {
  const std::pair<const char*, const char*> kCases[] = {
      {"stateMachineArn", "StateMachineArn"},
      {"Bucket", "Bucket"},
      {"ETag", "ETag"},
      {"SSEKMSKeyId", "SsekmsKeyId"},
      {"SSECustomerKeyMD5", "SseCustomerKeyMd5"},
      {"ACL", "Acl"},
      {"ChecksumCRC32", "ChecksumCrc32"},
      {"ChecksumCRC32C", "ChecksumCrc32C"},
      {"ChecksumSHA256", "ChecksumSha256"},
      {"S3Uri", "S3Uri"},
      {"EnableSSMAccess", "EnableSsmAccess"},
      {"AuthorizedUrl", "AuthorizedUrl"},
      {"", ""},
  };
  for (const auto& [name, expected] : kCases) {
    EXPECT_EQ(sdk_name(name), expected) << name;
  }
}

TEST(SdkNames, ErrorsEndAsExceptions) {
  EXPECT_EQ(sdk_exception("NoSuchKey"), "NoSuchKeyException");
  EXPECT_EQ(sdk_exception("NoSuchEntityException"), "NoSuchEntityException");
  EXPECT_EQ(sdk_exception("LimitExceededFault"), "LimitExceededException");
  EXPECT_EQ(sdk_exception("ResourceInUse"), "ResourceInUseException");
}

}  // namespace
}  // namespace trainyard::wire
