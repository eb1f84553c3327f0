// What the AWS SDK for Java v2 calls a model's members and errors. Step Functions goes through that
// SDK, so its Parameters, results and error names have these names.
#pragma once

#include <string>
#include <string_view>

namespace trainyard::wire {

/// The words of a model's name, each with one capital: "stateMachineArn" → "StateMachineArn",
/// "SSEKMSKeyId" → "SsekmsKeyId", "ETag" → "ETag", "ChecksumCRC32C" → "ChecksumCrc32C".
std::string sdk_name(std::string_view name);

/// The exception of an error shape: "NoSuchKey" → "NoSuchKeyException".
std::string sdk_exception(std::string_view shape);

}  // namespace trainyard::wire
