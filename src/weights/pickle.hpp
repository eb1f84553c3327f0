// The data.pkl of a state_dict: a pickle (Python's pickletools, protocols 2 to 5) that is read by a
// machine which knows a dict of tensors and nothing else. No name in it is ever looked up: there is
// nothing that a pickle could call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weights/state_dict.hpp"

namespace trainyard::weights {

inline constexpr std::size_t kPickleBytesMax = 16u << 20;
inline constexpr std::size_t kTensorsMax = 1u << 17;
inline constexpr std::size_t kDimensionsMax = 64;  // PyTorch's own limit

/// A tensor as the pickle describes it; texts are views into the pickle.
struct PickledTensor {
  ElementType type;
  std::string_view key;  // of the record that holds the storage
  int64_t storage_count = 0;
  int64_t offset = 0;
  std::vector<int64_t> shape, strides;
};

using PickledDict = std::vector<std::pair<std::string_view, PickledTensor>>;

/// SystemError with one line for anything that is no dict of tensors by name. Numbers are
/// non-negative; whether they fit the storage is the caller's to check.
PickledDict unpickle(std::string_view pickle);

/// Protocol 2, an OrderedDict, as torch.save writes it.
std::string pickle(const PickledDict& tensors);

}  // namespace trainyard::weights
