// PURE: S3's checksums of whole objects from those of their parts (Amazon S3 User Guide, "Checking
// object integrity"). The wire layer verifies what a single body carries.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace trainyard::s3 {

/// "crc32", "crc32c", "crc64nvme", "sha1", "sha256".
bool is_checksum_algorithm(std::string_view algorithm);

/// A part's base64 checksum and how many bytes it covers.
struct PartChecksum {
  std::string value;
  uint64_t length = 0;
};

/// FULL_OBJECT: the checksum of the parts' concatenation. Only for CRCs: digests cannot be joined.
std::string whole_checksum(std::string_view algorithm, const std::vector<PartChecksum>& parts);

/// COMPOSITE: the checksum of the parts' raw checksums, "base64-N".
std::string composite_checksum(std::string_view algorithm,
                               const std::vector<PartChecksum>& parts);

}  // namespace trainyard::s3
