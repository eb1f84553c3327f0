#include "agent/volume.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/error.hpp"

namespace trainyard::agent {
namespace {

constexpr uint64_t kStatBlockBytes = 512;  // of st_blocks, whatever the file system's are

}  // namespace

VolumeGuard::VolumeGuard(std::vector<fs::path> folders, uint64_t bytes_max)
    : folders_(std::move(folders)), bytes_max_(bytes_max) {}

bool VolumeGuard::full() {
  if (bytes_max_ == 0) return false;
  const uint64_t now = file_system_used();
  const uint64_t grown = now > file_system_then_ ? now - file_system_then_ : 0;
  if (!counted_ || used_ + grown > bytes_max_) {
    file_system_then_ = now;
    count();
  }
  return used_ > bytes_max_;
}

/// What vanishes meanwhile, or is closed to us, does not count.
void VolumeGuard::count() {
  counted_ = true;
  used_ = 0;
  for (const fs::path& folder : folders_) {
    std::error_code error;
    fs::recursive_directory_iterator entry(
        folder, fs::directory_options::skip_permission_denied, error);
    while (!error && entry != fs::recursive_directory_iterator()) {
      struct stat info {};
      if (::lstat(entry->path().c_str(), &info) == 0) {
        used_ += static_cast<uint64_t>(info.st_blocks) * kStatBlockBytes;
      }
      entry.increment(error);
    }
  }
}

/// All files' bytes, other programs' too.
uint64_t VolumeGuard::file_system_used() const {
  struct statvfs info {};
  if (::statvfs(folders_.front().c_str(), &info) != 0) throw_errno("statvfs");
  return static_cast<uint64_t>(info.f_blocks - info.f_bfree) * info.f_frsize;
}

}  // namespace trainyard::agent
