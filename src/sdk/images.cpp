#include "sdk/images.hpp"

#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "base/error.hpp"

namespace trainyard::sdk {
namespace {

// AWS Deep Learning Containers, "Available images": 1.2.0 and later; before that the SageMaker
// team's own registry.
constexpr const char* kDeepLearningAccount = "763104351884";
constexpr const char* kEarlierAccount = "520713654638";

}  // namespace

std::string pytorch_image(const std::string& region, const std::string& version,
                          const std::string& py_version, const std::string& instance_type,
                          ImageUse use) {
  int major = 0;
  int minor = 0;
  if (std::sscanf(version.c_str(), "%d.%d", &major, &minor) != 2) {
    throw SystemError("framework_version is not a version: '" + version + "'");
  }
  const bool gpu = instance_type.starts_with("ml.p") || instance_type.starts_with("ml.g");
  const bool earlier = major < 1 || (major == 1 && minor < 2);
  const char* repository = earlier                      ? "sagemaker-pytorch"
                           : use == ImageUse::training  ? "pytorch-training"
                                                        : "pytorch-inference";
  const char* suffix = region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return fmt::format("{}.dkr.ecr.{}.{}/{}:{}-{}-{}",
                     earlier ? kEarlierAccount : kDeepLearningAccount, region, suffix, repository,
                     version, gpu ? "gpu" : "cpu", py_version);
}

std::string image_base_name(const std::string& image_uri) {
  std::string name = image_uri.substr(image_uri.rfind('/') + 1);
  return name.substr(0, name.find_first_of(":@"));
}

}  // namespace trainyard::sdk
