// MNIST as it is distributed: IDX files (yann.lecun.com/exdb/mnist).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.hpp"

namespace mnist {

inline constexpr int kSide = 28;  // pixels
inline constexpr int kClasses = 10;

struct Digits {
  std::vector<uint8_t> pixels;  // count × 28 × 28, 0 = background
  std::vector<uint8_t> labels;  // 0 to 9

  int64_t count() const { return static_cast<int64_t>(labels.size()); }
};

/// SystemError when a file is malformed, or the two do not belong together.
Digits parse_idx(std::string_view images, std::string_view labels);

/// The 60,000 images to train on, or the 10,000 to test with: in MNIST/raw below `folder`, where
/// torchvision puts them, in raw, or in `folder` itself. SystemError names what is missing.
Digits read_digits(const trainyard::fs::path& folder, bool train);

}  // namespace mnist
