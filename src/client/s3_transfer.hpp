// Whole files to and from S3, in parts where they are large.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "wire/invoker.hpp"

namespace trainyard::s3 {
class Client;
}

namespace trainyard::client {

inline constexpr uint64_t kPartBytes = 8u << 20;  // files from here on go up in parts
inline constexpr uint64_t kPartsMax = 10'000;     // S3's limit; parts grow with the file
inline constexpr int kTransferThreads = 4;

/// Bytes done so far; called from several threads, one at a time.
using TransferProgress = std::function<void(uint64_t done)>;

/// The upload is one object or none: a failed multipart upload is aborted. SystemError when the
/// file cannot be read or changes meanwhile.
void upload_file(wire::Invoker& invoker, const fs::path& path, const std::string& bucket,
                 const std::string& key, const TransferProgress& progress = {});

/// Writes beside `path` and renames, so that `path` is whole or absent; makes its folders.
void download_file(wire::Invoker& invoker, const std::string& bucket, const std::string& key,
                   const fs::path& path, const TransferProgress& progress = {});

/// Gives up a multipart upload after a failure, which stays the one to report: that parts may stay
/// behind is logged, never thrown.
void abandon_upload(s3::Client& client, const std::string& bucket, const std::string& key,
                    const std::string& upload_id);

struct ListedObject {
  std::string key;
  uint64_t size = 0;
  std::string e_tag;
};

/// Everything below a prefix, in order of keys.
std::vector<ListedObject> list_prefix(wire::Invoker& invoker, const std::string& bucket,
                                      const std::string& prefix);

}  // namespace trainyard::client
