// The parts of the program, without libtorch's headers.
#pragma once

#include "sdk/program/program.hpp"

namespace mnist {

void train(const trainyard::Environment& environment, const trainyard::Arguments& arguments);
trainyard::Model load(const trainyard::fs::path& model_dir);
/// (n, 1, 28, 28), (n, 28, 28) or (n, 784), normalised as for training, to (n, 10) logarithms of
/// probabilities. BadInput for any other shape.
trainyard::Tensor predict(trainyard::Model& model, const trainyard::Tensor& input);

}  // namespace mnist
