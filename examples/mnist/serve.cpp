#include "idx.hpp"
#include "mnist.hpp"
#include "net.hpp"
#include "sdk/program/torch_tensor.hpp"

namespace mnist {
namespace {

using trainyard::SystemError;

constexpr std::string_view kWrapper = "module.";  // torch.nn.DataParallel's prefix

torch::Tensor shaped(const trainyard::Tensor& input) {
  const bool one_channel = input.shape.size() == 4 && input.shape[1] == 1 &&
                           input.shape[2] == kSide && input.shape[3] == kSide;
  const bool plain = input.shape.size() == 3 && input.shape[1] == kSide && input.shape[2] == kSide;
  const bool rows = input.shape.size() == 2 && input.shape[1] == kSide * kSide;
  if (!one_channel && !plain && !rows) {
    throw trainyard::BadInput(
        "the model takes images of shape (n, 1, 28, 28), (n, 28, 28) or (n, 784)");
  }
  return trainyard::to_torch(input).view({-1, 1, kSide, kSide});
}

}  // namespace

trainyard::Model load(const trainyard::fs::path& model_dir) {
  // Requests are the parallel work: one thread each keeps them out of each other's way.
  trainyard::use_threads(1);
  const std::string path = model_dir / "model.pth";
  auto net = std::make_shared<Net>();
  torch::NoGradGuard no_grad;
  auto parameters = (*net)->named_parameters();
  std::size_t taken = 0;
  for (const auto& [name, tensor] : trainyard::load_tensors(path)) {
    const std::string plain = name.starts_with(kWrapper) ? name.substr(kWrapper.size()) : name;
    torch::Tensor* parameter = parameters.find(plain);
    if (parameter == nullptr || parameter->sizes() != tensor.sizes()) {
      throw SystemError(path + ": " + name + " does not fit the network");
    }
    parameter->copy_(tensor);
    ++taken;
  }
  if (taken != parameters.size()) throw SystemError(path + " lacks some of the parameters");
  (*net)->eval();
  return net;
}

trainyard::Tensor predict(trainyard::Model& model, const trainyard::Tensor& input) try {
  c10::InferenceMode inference;
  Net& net = *static_cast<Net*>(model.get());
  return trainyard::from_torch(net(shaped(input)));
} catch (const c10::Error& error) {
  throw SystemError(error.what_without_backtrace());
}

}  // namespace mnist
