#include "torch_server/script_model.hpp"

#include <algorithm>
#include <cmath>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "sdk/program/torch_tensor.hpp"
#include "weights/state_dict.hpp"

namespace trainyard::torch_server {
namespace {

using c10::IValue;
using torch::jit::Module;

constexpr const char* kPreferred = "model.pt";
constexpr int64_t kImageSides[] = {28, 32, 224};  // MNIST, CIFAR, ImageNet
constexpr int64_t kSeriesLength = 64;
constexpr int kWarmUps = 3;
constexpr double kExactMax = 9007199254740992.0;  // 2⁵³: whole numbers up to here are exact

struct ScriptModel {
  Module module;
};

/// libtorch's texts have a trace of the interpreter, or of C++, around the line that matters.
std::string reason_in(const std::string& text) {
  const std::size_t named = text.rfind("Error: ");
  std::size_t begin = 0;
  if (named != std::string::npos) {
    begin = text.rfind('\n', named);
    begin = begin == std::string::npos ? 0 : begin + 1;
  }
  return text.substr(begin, text.find('\n', begin) - begin);
}

std::string reason_of(const std::exception& error) {
  const auto* own = dynamic_cast<const c10::Error*>(&error);
  return reason_in(own != nullptr ? own->what_without_backtrace() : error.what());
}

bool is_state_dict(const fs::path& path) {
  const std::string file = read_file(path);
  try {
    weights::read_state_dict(file);
    return true;
  } catch (const SystemError&) {
    return false;  // the question is only what to say about a file that is refused anyway
  }
}

Module read(const fs::path& path) {
  try {
    return torch::jit::load(path.string(), torch::kCPU);
  } catch (const std::exception& error) {
    if (is_state_dict(path)) {
      throw SystemError(path.string() + " is a state_dict and no TorchScript model: serving it "
                                        "takes code with a model_fn that builds its network");
    }
    throw NotServed(path.string() + " is no TorchScript model: " + reason_of(error));
  }
}

void check_signature(const fs::path& path, const Module& module) {
  const auto forward = module.find_method("forward");
  if (!forward) throw SystemError(path.string() + " has no method forward");
  const c10::FunctionSchema& schema = forward->function().getSchema();
  const auto& arguments = schema.arguments();
  const auto required = std::count_if(arguments.begin() + 1, arguments.end(), [](const auto& one) {
    return !one.default_value().has_value();
  });
  if (arguments.size() < 2 || required > 1) {
    throw SystemError(fmt::format("{}: its forward takes {} arguments; without code a model is "
                                  "asked with one tensor",
                                  path.string(), arguments.size() - 1));
  }
  const c10::TypePtr answer = schema.returns().at(0).type();
  if (!answer->isSubtypeOf(*c10::TensorType::get())) {
    throw NotServed(fmt::format("{}: its forward answers {}, and only a tensor can be sent back",
                                path.string(), answer->annotation_str()));
  }
}

/// Inputs that the first weight hints at: rows for a Linear layer, series and images for
/// convolutions.
std::vector<torch::Tensor> guess_inputs(const Module& module) {
  for (const torch::Tensor& weight : module.parameters()) {
    if (weight.dim() < 2) continue;
    const int64_t in = weight.size(1);
    if (weight.dim() == 2) return {torch::ones({1, in})};
    if (weight.dim() == 3) return {torch::ones({1, in, kSeriesLength})};
    if (weight.dim() != 4) return {};
    std::vector<torch::Tensor> images;
    for (const int64_t side : kImageSides) images.push_back(torch::ones({1, in, side, side}));
    return images;
  }
  return {};
}

/// Undefined when the model does not take the input, or answers no tensor.
torch::Tensor try_input(Module& module, const torch::Tensor& input) {
  try {
    const IValue output = module.forward({input});
    return output.isTensor() ? output.toTensor() : torch::Tensor();
  } catch (const std::exception&) {
    return {};  // it was a guess
  }
}

/// Frozen and optimised unless that fails or shows in the answers; warm either way.
Module prepare(const fs::path& path, Module module) {
  module.eval();
  const std::vector<torch::Tensor> guesses = guess_inputs(module);
  Module prepared = module;
  try {
    prepared = torch::jit::optimize_for_inference(module);  // which freezes it first
  } catch (const std::exception& error) {
    log_warning("{} is served as it is, not optimised: {}", path.string(), reason_of(error));
  }
  for (const torch::Tensor& guess : guesses) {
    const torch::Tensor expected = try_input(module, guess);
    if (!expected.defined()) continue;
    for (int i = 0; i < kWarmUps; ++i) {
      const torch::Tensor answer = try_input(prepared, guess);
      if (answer.defined() && answer.sizes() == expected.sizes() &&
          torch::allclose(answer.to(torch::kFloat64), expected.to(torch::kFloat64), 1e-3, 1e-4,
                          /*equal_nan=*/true)) {
        continue;
      }
      log_warning("{} is served as it is: optimised, it answers something else", path.string());
      return module;
    }
    return prepared;
  }
  return prepared;
}

torch::ScalarType type_of(sdk::NpyType type) {
  switch (type) {
    case sdk::NpyType::float64: return torch::kFloat64;
    case sdk::NpyType::float32: return torch::kFloat32;
    case sdk::NpyType::int64: return torch::kInt64;
    case sdk::NpyType::int32: return torch::kInt32;
    case sdk::NpyType::int16: return torch::kInt16;
    case sdk::NpyType::int8: return torch::kInt8;
    case sdk::NpyType::uint8: return torch::kUInt8;
    case sdk::NpyType::boolean: return torch::kBool;
    case sdk::NpyType::uint64:
    case sdk::NpyType::uint32:
    case sdk::NpyType::uint16: break;
  }
  throw BadInput("PyTorch has no tensors of unsigned integers of more than 8 bits");
}

torch::Tensor input_of(const Tensor& tensor) {
  const torch::ScalarType type = type_of(tensor.type);
  if (type == torch::kInt64 && std::ranges::any_of(tensor.values, [](double value) {
        return std::abs(value) >= kExactMax;
      })) {
    throw BadInput("whole numbers of 2^53 and more cannot be told apart");
  }
  const std::vector<int64_t> shape(tensor.shape.begin(), tensor.shape.end());
  return torch::from_blob(const_cast<double*>(tensor.values.data()), shape, torch::kFloat64)
      .to(type, /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace

fs::path find_model(const fs::path& model_dir) {
  if (fs::is_regular_file(model_dir / kPreferred)) return model_dir / kPreferred;
  std::vector<std::string> names;
  if (fs::is_directory(model_dir)) {
    for (const auto& entry : fs::directory_iterator(model_dir)) {
      const std::string kind = entry.path().extension();
      if (entry.is_regular_file() && (kind == ".pt" || kind == ".pth")) {
        names.push_back(entry.path().filename());
      }
    }
  }
  if (names.size() == 1) return model_dir / names.front();
  std::ranges::sort(names);
  throw SystemError(model_dir.string() + " must have model.pt or exactly one .pt or .pth file; it "
                                         "has " +
                    (names.empty() ? "none" : join(names, ", ")));
}

Model load(const fs::path& model_dir) {
  use_threads(1);  // requests are the parallel work
  // No specialised code for the shapes that come: it would be made while a client waits, and gains
  // nothing on CPUs.
  torch::jit::FusionStrategy none;
  torch::jit::setFusionStrategy(none);
  const fs::path path = find_model(model_dir);
  Module module = read(path);
  check_signature(path, module);
  c10::InferenceMode inference;
  return std::make_shared<ScriptModel>(ScriptModel{prepare(path, std::move(module))});
}

Tensor predict(Model& model, const Tensor& input) {
  c10::InferenceMode inference;
  Module& module = static_cast<ScriptModel*>(model.get())->module;
  const torch::Tensor given = input_of(input);
  IValue output;
  try {
    output = module.forward({given});
  } catch (const std::exception& error) {
    log_error("the model refused its input: {}", error.what());
    throw SystemError(reason_of(error));
  }
  if (!output.isTensor()) {
    throw SystemError("the model's forward answers " + output.tagKind() +
                      ", and without code only a tensor can be sent back");
  }
  return from_torch(output.toTensor());
}

Program program() {
  return {.model_fn = load, .predict_fn = predict, .joining = Joining::tried};
}

}  // namespace trainyard::torch_server
