#include "sdk/program/torch_tensor.hpp"

#include <dlfcn.h>

#include <torch/serialize.h>
#include <torch/utils.h>

#include "base/error.hpp"
#include "base/files.hpp"

namespace trainyard {

torch::Tensor to_torch(const sdk::Tensor& tensor) {
  const std::vector<int64_t> shape(tensor.shape.begin(), tensor.shape.end());
  torch::Tensor result = torch::empty(shape, torch::kFloat32);
  TRAINYARD_ASSERT(static_cast<std::size_t>(result.numel()) == tensor.values.size());
  float* to = result.data_ptr<float>();
  for (const double value : tensor.values) *to++ = static_cast<float>(value);
  return result;
}

sdk::Tensor from_torch(const torch::Tensor& tensor) {
  const torch::Tensor values = tensor.detach().to(torch::kCPU, torch::kFloat64).contiguous();
  sdk::Tensor result;
  result.shape.assign(values.sizes().begin(), values.sizes().end());
  const double* from = values.data_ptr<double>();
  result.values.assign(from, from + values.numel());
  return result;
}

void use_threads(int threads) {
  torch::set_num_threads(threads);
  // libtorch does not tell OpenBLAS, whose own default is the whole machine.
  using SetThreads = void (*)(int);
  if (void* found = ::dlsym(RTLD_DEFAULT, "openblas_set_num_threads")) {
    reinterpret_cast<SetThreads>(found)(threads);
  }
}

void save_tensors(const NamedTensors& tensors, const std::string& path) {
  c10::Dict<std::string, at::Tensor> dict;
  for (const auto& [name, tensor] : tensors) dict.insert(name, tensor.detach().contiguous());
  const std::vector<char> bytes = torch::pickle_save(dict);
  write_file_atomically(path, {bytes.data(), bytes.size()});
}

NamedTensors load_tensors(const std::string& path) {
  const std::string text = read_file(path);
  c10::IValue value;
  try {
    value = torch::pickle_load({text.begin(), text.end()});
  } catch (const c10::Error& error) {
    throw SystemError(path + " is no file of torch.save: " + error.what_without_backtrace());
  }
  if (!value.isGenericDict()) {
    throw SystemError(path + " does not hold a plain dict of tensors; in Python, save "
                             "dict(model.state_dict())");
  }
  NamedTensors tensors;
  for (const auto& member : value.toGenericDict()) {
    if (!member.key().isString() || !member.value().isTensor()) {
      throw SystemError(path + " holds something else than tensors by name");
    }
    tensors.emplace_back(member.key().toStringRef(), member.value().toTensor());
  }
  return tensors;
}

}  // namespace trainyard
