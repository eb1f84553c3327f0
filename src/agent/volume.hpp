// An instance's volume (ResourceConfig.VolumeSizeInGB): its files may not take more.
#pragma once

#include <cstdint>
#include <vector>

#include "base/files.hpp"

namespace trainyard::agent {

class VolumeGuard {
 public:
  /// `folders` are on one file system. `bytes_max` 0 is no bound.
  VolumeGuard(std::vector<fs::path> folders, uint64_t bytes_max);

  /// Whether the files take more than they may. To count them all may take a while, so that this is
  /// done only when the file system has grown by what was still free at the last count.
  bool full();
  uint64_t used() const { return used_; }  // bytes on disk, at the last count

 private:
  void count();
  uint64_t file_system_used() const;

  const std::vector<fs::path> folders_;
  const uint64_t bytes_max_;
  bool counted_ = false;
  uint64_t used_ = 0;
  uint64_t file_system_then_ = 0;
};

}  // namespace trainyard::agent
