// Between the tensors of requests and libtorch's.
#pragma once

#include <torch/types.h>

#include "sdk/tensor.hpp"

namespace trainyard {

/// float32, contiguous, on the CPU: a copy.
torch::Tensor to_torch(const sdk::Tensor& tensor);
/// Any element type, device and layout: a copy.
sdk::Tensor from_torch(const torch::Tensor& tensor);

/// Every operation uses at most `threads` threads, OpenBLAS's included. Left alone, each of them
/// takes the whole machine, not the instance's share.
void use_threads(int threads);

/// A dict of tensors by name, in the form of `torch.save(dict(module.state_dict()), path)`:
/// Python's torch.load reads it, and load_state_dict takes it.
using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;
void save_tensors(const NamedTensors& tensors, const std::string& path);
/// The reverse; SystemError when the file is not such a dict (Python's state_dict() itself, an
/// OrderedDict, is not: wrap it in dict()).
NamedTensors load_tensors(const std::string& path);

}  // namespace trainyard
