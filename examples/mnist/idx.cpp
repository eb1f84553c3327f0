#include "idx.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace mnist {
namespace {

using trainyard::SystemError;
namespace fs = trainyard::fs;

constexpr uint32_t kImagesMagic = 0x0803;
constexpr uint32_t kLabelsMagic = 0x0801;
constexpr std::size_t kImagesHeader = 16;
constexpr std::size_t kLabelsHeader = 8;
constexpr std::size_t kPixels = kSide * kSide;

uint32_t big_endian(std::string_view bytes, std::size_t offset) {
  uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
  }
  return value;
}

}  // namespace

Digits parse_idx(std::string_view images, std::string_view labels) {
  if (images.size() < kImagesHeader || big_endian(images, 0) != kImagesMagic ||
      big_endian(images, 8) != kSide || big_endian(images, 12) != kSide) {
    throw SystemError("not an IDX file of 28 x 28 images");
  }
  if (labels.size() < kLabelsHeader || big_endian(labels, 0) != kLabelsMagic) {
    throw SystemError("not an IDX file of labels");
  }
  const std::size_t count = big_endian(images, 4);
  if (big_endian(labels, 4) != count || labels.size() - kLabelsHeader != count ||
      images.size() - kImagesHeader != count * kPixels) {
    throw SystemError("IDX files that do not belong together, or are cut off");
  }
  Digits digits;
  digits.pixels.assign(images.begin() + kImagesHeader, images.end());
  digits.labels.assign(labels.begin() + kLabelsHeader, labels.end());
  const auto wrong = std::find_if(digits.labels.begin(), digits.labels.end(),
                                  [](uint8_t label) { return label >= kClasses; });
  if (wrong != digits.labels.end()) throw SystemError("IDX file with a label that is no digit");
  return digits;
}

Digits read_digits(const fs::path& folder, bool train) {
  const std::string kind = train ? "train" : "t10k";
  for (const fs::path& place : {folder / "MNIST/raw", folder / "raw", folder}) {
    const fs::path images = place / (kind + "-images-idx3-ubyte");
    const fs::path labels = place / (kind + "-labels-idx1-ubyte");
    if (!fs::exists(images)) continue;
    try {
      return parse_idx(trainyard::read_file(images), trainyard::read_file(labels));
    } catch (const SystemError& error) {
      throw SystemError(images.string() + ": " + error.what());
    }
  }
  throw SystemError(kind + "-images-idx3-ubyte is neither in " + folder.string() +
                    " nor in MNIST/raw below it");
}

}  // namespace mnist
