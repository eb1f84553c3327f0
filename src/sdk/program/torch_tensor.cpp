#include "sdk/program/torch_tensor.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>

#include <torch/utils.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "weights/state_dict.hpp"

namespace trainyard {
namespace {

struct TypePair {
  weights::ElementType ours;
  torch::ScalarType torch;
};
constexpr TypePair kTypes[] = {
    {weights::ElementType::float64, torch::kFloat64},
    {weights::ElementType::float32, torch::kFloat32},
    {weights::ElementType::float16, torch::kFloat16},
    {weights::ElementType::bfloat16, torch::kBFloat16},
    {weights::ElementType::int64, torch::kInt64},
    {weights::ElementType::int32, torch::kInt32},
    {weights::ElementType::int16, torch::kInt16},
    {weights::ElementType::int8, torch::kInt8},
    {weights::ElementType::uint8, torch::kUInt8},
    {weights::ElementType::boolean, torch::kBool},
};

template <class T>
const TypePair& find_type(T TypePair::*side, T type, const std::string& name) {
  const auto found = std::ranges::find(kTypes, type, side);
  if (found == std::end(kTypes)) {
    throw SystemError(name + " has an element type that no plain storage has");
  }
  return *found;
}

NamedTensors to_torch(const weights::StateDict& dict) {
  NamedTensors tensors;
  std::map<std::tuple<const char*, std::size_t, torch::ScalarType>, torch::Tensor> storages;
  for (const auto& [name, tensor] : dict) {
    const std::string_view bytes = tensor.storage;
    const torch::ScalarType type = find_type(&TypePair::ours, tensor.type, name).torch;
    torch::Tensor& storage = storages[{bytes.data(), bytes.size(), type}];
    if (!storage.defined()) {
      const std::size_t count = bytes.size() / weights::size_of(tensor.type);
      storage = torch::empty({static_cast<int64_t>(count)}, type);
      if (count > 0) std::memcpy(storage.data_ptr(), bytes.data(), bytes.size());
    }
    tensors.emplace_back(name, storage.as_strided(tensor.shape, tensor.strides, tensor.offset));
  }
  return tensors;
}

}  // namespace

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
  weights::StateDict dict;
  for (const auto& [name, tensor] : tensors) {
    TRAINYARD_ASSERT(tensor.is_cpu() && tensor.layout() == torch::kStrided);
    const c10::Storage& storage = tensor.storage();
    dict.emplace_back(
        name, weights::Tensor{
                  .type = find_type(&TypePair::torch, tensor.scalar_type(), name).ours,
                  .shape = tensor.sizes().vec(),
                  .strides = tensor.strides().vec(),
                  .offset = tensor.storage_offset(),
                  .storage = {static_cast<const char*>(storage.data()), storage.nbytes()}});
  }
  write_file_atomically(path, weights::write_state_dict(dict));
}

NamedTensors load_tensors(const std::string& path) {
  const std::string file = read_file(path);
  try {
    return to_torch(weights::read_state_dict(file));
  } catch (const SystemError& error) {
    throw SystemError(path + ": " + error.what());
  }
}

}  // namespace trainyard
