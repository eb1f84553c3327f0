// tar.gz in both directions. What comes in is hostile until proven otherwise; what goes out is
// merged from several folders while it is sent.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/files.hpp"

namespace trainyard::compute {

inline constexpr uint64_t kMembersMax = 1'000'000;

/// The archive is damaged, or one of its members is not allowed; the text names the member.
class ArchiveError : public std::exception {
 public:
  explicit ArchiveError(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

/// Fills up to `size` bytes and says how many; 0 at the end. What it throws passes through.
using ByteSource = std::function<std::size_t(char* data, std::size_t size)>;

/// Unpacks a tar, plain or gzipped, below `folder`, which must exist. Refused: absolute names,
/// "..", members that pass through a link, links that lead outside, devices, FIFOs, more than
/// `bytes_max` bytes of content. A member without a name (the root) is skipped; owners and set-id
/// bits are not taken over. What was unpacked before a refusal stays. SystemError when the disk
/// refuses.
void unpack(const ByteSource& source, const fs::path& folder, uint64_t bytes_max);

/// One tar.gz of several folders' content, names from the folders' roots, in order of names; of
/// files with the same name the last folder's counts. Read like a stream, packed as it is read.
class PackedFolders {
 public:
  explicit PackedFolders(const std::vector<fs::path>& folders);
  ~PackedFolders();

  bool has_files() const;
  /// Names that are not in the archive: links that lead outside, devices, FIFOs, sockets.
  const std::vector<std::string>& left_out() const;
  /// 0 at the end. SystemError when a file cannot be read or shrinks meanwhile.
  std::size_t read(char* data, std::size_t size);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Whether a symbolic link `depth` folders below a root stays inside, whatever it passes through:
/// it is relative, goes up only at its beginning, and not above the root.
bool link_stays_inside(std::string_view target, std::size_t depth);

}  // namespace trainyard::compute
