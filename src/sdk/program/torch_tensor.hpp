// Between the tensors of requests and libtorch's.
#pragma once

#include <string>
#include <utility>
#include <vector>

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

/// A state_dict file, as torch.save(module.state_dict(), path) writes it in Python, and torch.load
/// and load_state_dict read it. CPU tensors of the plain types; a storage that several share stays
/// one.
using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;
void save_tensors(const NamedTensors& tensors, const std::string& path);
/// The reverse, in the file's order; tensors that shared a storage share one again. Nothing in the
/// file is run. SystemError naming the file and what in it is no state_dict.
NamedTensors load_tensors(const std::string& path);

}  // namespace trainyard
