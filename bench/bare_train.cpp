// The same training as examples/mnist, as one writes it with libtorch alone: what our program is
// held against. Nothing of Trainyard is in here.
//   bare-train FOLDER EPOCHS THREADS     trains and tests, prints the accuracy of each epoch
//   bare-train --forward SECONDS         one image at a time: "p50_us per_second"
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

struct Net : torch::nn::Module {
  Net()
      : conv1(register_module("conv1", torch::nn::Conv2d(1, 10, 5))),
        conv2(register_module("conv2", torch::nn::Conv2d(10, 20, 5))),
        drop(register_module("drop", torch::nn::Dropout2d())),
        fc1(register_module("fc1", torch::nn::Linear(320, 50))),
        fc2(register_module("fc2", torch::nn::Linear(50, 10))) {}

  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(torch::max_pool2d(conv1(x), 2));
    x = torch::relu(torch::max_pool2d(drop(conv2(x)), 2));
    x = torch::relu(fc1(x.view({-1, 320})));
    x = torch::dropout(x, 0.5, is_training());
    return torch::log_softmax(fc2(x), 1);
  }

  torch::nn::Conv2d conv1, conv2;
  torch::nn::Dropout2d drop;
  torch::nn::Linear fc1, fc2;
};

torch::Tensor read(const std::string& path, std::streamoff header) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot open " + path);
  in.seekg(header);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), {});
  return torch::from_blob(const_cast<char*>(bytes.data()), {static_cast<int64_t>(bytes.size())},
                          torch::kUInt8)
      .clone();
}

struct Data {
  torch::Tensor images, labels;
};

Data read_set(const std::string& folder, const std::string& kind) {
  const std::string raw = folder + "/MNIST/raw/" + kind;
  torch::Tensor images = read(raw + "-images-idx3-ubyte", 16).to(torch::kFloat32);
  return {images.div_(255).sub_(0.1307).div_(0.3081).view({-1, 1, 28, 28}),
          read(raw + "-labels-idx1-ubyte", 8).to(torch::kInt64)};
}

int64_t test(Net& net, const Data& data) {
  torch::NoGradGuard no_grad;
  net.eval();
  int64_t correct = 0;
  for (int64_t first = 0; first < data.labels.numel(); first += 1000) {
    const torch::Tensor output = net.forward(data.images.narrow(0, first, 1000));
    correct += output.argmax(1).eq(data.labels.narrow(0, first, 1000)).sum().item<int64_t>();
  }
  return correct;
}

void train(const std::string& folder, int epochs) {
  constexpr int64_t kBatch = 64;
  torch::manual_seed(1);
  const Data data = read_set(folder, "train");
  const Data unseen = read_set(folder, "t10k");
  Net net;
  torch::optim::SGD optimizer(net.parameters(), torch::optim::SGDOptions(0.01).momentum(0.5));
  const int64_t count = data.labels.numel();
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    net.train();
    const torch::Tensor order = torch::randperm(count, torch::kInt64);
    int64_t batch = 0;
    for (int64_t first = 0; first < count; first += kBatch) {
      const torch::Tensor index = order.narrow(0, first, std::min(kBatch, count - first));
      optimizer.zero_grad();
      torch::Tensor loss = torch::nll_loss(net.forward(data.images.index_select(0, index)),
                                           data.labels.index_select(0, index));
      loss.backward();
      optimizer.step();
      if (++batch % 100 == 0) std::printf("batch %ld loss %f\n", batch, loss.item<float>());
    }
    std::printf("epoch %d accuracy %ld/10000\n", epoch, test(net, unseen));
    std::fflush(stdout);
  }
}

void forward(double seconds) {
  using Clock = std::chrono::steady_clock;
  torch::NoGradGuard no_grad;
  torch::manual_seed(1);
  Net net;
  net.eval();
  const torch::Tensor image = torch::rand({1, 1, 28, 28});
  for (int i = 0; i < 100; ++i) net.forward(image);
  std::vector<double> micros;
  const Clock::time_point begin = Clock::now();
  Clock::time_point last = begin;
  while (std::chrono::duration<double>(last - begin).count() < seconds) {
    net.forward(image);
    const Clock::time_point now = Clock::now();
    micros.push_back(std::chrono::duration<double, std::micro>(now - last).count());
    last = now;
  }
  std::nth_element(micros.begin(), micros.begin() + micros.size() / 2, micros.end());
  std::printf("%.1f %.1f\n", micros[micros.size() / 2],
              static_cast<double>(micros.size()) /
                  std::chrono::duration<double>(last - begin).count());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--forward") {
    torch::set_num_threads(1);
    forward(std::atof(argv[2]));
    return 0;
  }
  if (argc != 4) {
    std::fprintf(stderr, "usage: bare-train FOLDER EPOCHS THREADS | --forward SECONDS\n");
    return 2;
  }
  torch::set_num_threads(std::atoi(argv[3]));
  train(argv[1], std::atoi(argv[2]));
  return 0;
}
