// The tutorial's network: two convolutions, two full layers, 21,840 parameters.
#pragma once

#include <torch/torch.h>

namespace mnist {

inline constexpr double kMean = 0.1307;  // of the training images, 0 to 1
inline constexpr double kDeviation = 0.3081;

struct NetImpl : torch::nn::Module {
  NetImpl()
      : conv1(register_module("conv1", torch::nn::Conv2d(1, 10, 5))),
        conv2(register_module("conv2", torch::nn::Conv2d(10, 20, 5))),
        fc1(register_module("fc1", torch::nn::Linear(320, 50))),
        fc2(register_module("fc2", torch::nn::Linear(50, 10))) {}

  /// (n, 1, 28, 28), normalised, to (n, 10) logarithms of probabilities.
  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(torch::max_pool2d(conv1(x), 2));
    x = torch::relu(torch::max_pool2d(torch::feature_dropout(conv2(x), 0.5, is_training()), 2));
    x = torch::relu(fc1(x.view({-1, 320})));
    x = torch::dropout(x, 0.5, is_training());
    return torch::log_softmax(fc2(x), 1);
  }

  torch::nn::Conv2d conv1, conv2;
  torch::nn::Linear fc1, fc2;
};
TORCH_MODULE(Net);

}  // namespace mnist
