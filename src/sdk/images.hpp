// Where AWS keeps the images of its frameworks.
#pragma once

#include <string>

namespace trainyard::sdk {

enum class ImageUse { training, inference };

/// The registry URI of a PyTorch image, e.g.
/// 763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:1.2.0-cpu-py3
/// `instance_type` decides between cpu and gpu. SystemError for a version that is not x.y[.z].
std::string pytorch_image(const std::string& region, const std::string& version,
                          const std::string& py_version, const std::string& instance_type,
                          ImageUse use);

/// "pytorch-training" of ".../pytorch-training:1.2.0-cpu-py3".
std::string image_base_name(const std::string& image_uri);

}  // namespace trainyard::sdk
