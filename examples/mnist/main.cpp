// Recognises handwritten digits: the tutorial's mnist.py in C++, trainer and model server in one.
#include "idx.hpp"
#include "mnist.hpp"

int main(int argc, char** argv) {
  trainyard::Tensor blank;
  blank.shape = {1, 1, mnist::kSide, mnist::kSide};
  blank.values.assign(mnist::kSide * mnist::kSide, 0.0);
  return trainyard::run(argc, argv,
                        {.train = mnist::train,
                         .model_fn = mnist::load,
                         .predict_fn = mnist::predict,
                         .example = blank});
}
