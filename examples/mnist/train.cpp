#include <cmath>
#include <iostream>
#include <optional>

#include <fmt/format.h>

#include "base/json.hpp"
#include "idx.hpp"
#include "mnist.hpp"
#include "net.hpp"
#include "sampler.hpp"
#include "sdk/program/torch_group.hpp"
#include "sdk/program/torch_tensor.hpp"

namespace mnist {
namespace {

using trainyard::Arguments;
using trainyard::Environment;
using trainyard::SystemError;

// The network is so small that a second thread gains a fifth when the machine is idle; when it is
// not, the threads of each of the many small operations wait for one another, and an epoch takes
// ten times as long. More instances are the way to more speed, and one thread gives one result.
constexpr int kThreads = 1;

void say(const std::string& line) { std::cout << line << std::endl; }

struct Settings {
  int64_t batch_size, test_batch_size, epochs, seed, log_interval;
  double lr, momentum;
  std::string backend;
  trainyard::fs::path model_dir, data_dir;
};

/// The tutorial's arguments; those that the container gives by SM_* variables can be overridden.
Settings read_settings(Environment& environment, const Arguments& arguments) {
  arguments.allow_only({"batch-size", "test-batch-size", "epochs", "lr", "momentum", "seed",
                        "log-interval", "backend", "hosts", "current-host", "model-dir",
                        "data-dir", "num-gpus"});
  if (const std::string hosts = arguments.text("hosts", ""); !hosts.empty()) {
    const auto list = trainyard::parse_json(hosts);
    if (!list || !list->is_array()) throw SystemError("--hosts is not a JSON list: " + hosts);
    environment.hosts.clear();
    for (const auto& host : list->get_array()) {
      if (!host.is_string()) throw SystemError("--hosts is not a list of names: " + hosts);
      environment.hosts.push_back(trainyard::to_std(host.get_string()));
    }
  }
  environment.current_host = arguments.text("current-host", environment.current_host);
  environment.gpus = static_cast<int>(arguments.integer("num-gpus", environment.gpus, 0, 64));
  if (environment.gpus > 0) throw SystemError("this program trains on CPUs only");
  Settings settings{.batch_size = arguments.integer("batch-size", 64, 1, 60'000),
                    .test_batch_size = arguments.integer("test-batch-size", 1000, 1, 10'000),
                    .epochs = arguments.integer("epochs", 10, 1, 10'000),
                    .seed = arguments.integer("seed", 1, INT64_MIN, INT64_MAX),
                    .log_interval = arguments.integer("log-interval", 100, 1, INT64_MAX),
                    .lr = arguments.number("lr", 0.01, 0, 1e6),
                    .momentum = arguments.number("momentum", 0.5, 0, 1),
                    .backend = arguments.text("backend", ""),
                    .model_dir = arguments.text("model-dir", environment.model_dir),
                    .data_dir = arguments.text("data-dir", "")};
  if (settings.data_dir.empty()) settings.data_dir = environment.channel("training");
  if (!settings.backend.empty() && settings.backend != "gloo") {
    throw SystemError("--backend: '" + settings.backend + "' is not gloo");
  }
  return settings;
}

struct Tensors {
  torch::Tensor images;  // float32, (n, 1, 28, 28), normalised
  torch::Tensor labels;  // int64
};

Tensors to_tensors(const Digits& digits) {
  auto bytes = [](const std::vector<uint8_t>& from) {
    return torch::from_blob(const_cast<uint8_t*>(from.data()),
                            {static_cast<int64_t>(from.size())}, torch::kUInt8);
  };
  torch::Tensor images = bytes(digits.pixels).to(torch::kFloat32);
  images.div_(255).sub_(kMean).div_(kDeviation);
  return {.images = images.view({-1, 1, kSide, kSide}),
          .labels = bytes(digits.labels).to(torch::kInt64)};
}

Tensors rows(const Tensors& tensors, const torch::Tensor& indices) {
  return {.images = tensors.images.index_select(0, indices),
          .labels = tensors.labels.index_select(0, indices)};
}

class Trainer {
 public:
  Trainer(const Settings& settings, std::optional<trainyard::ProcessGroup>& group)
      : settings_(settings), group_(group) {
    torch::manual_seed(settings.seed);
    say("Get train data loader");
    train_ = to_tensors(read_digits(settings.data_dir, true));
    say("Get test data loader");
    test_ = to_tensors(read_digits(settings.data_dir, false));
    const int64_t all = train_.labels.numel();
    // Which images are this host's, and their order, are the same in every epoch.
    if (group_) train_ = rows(train_, shard_of(all, group_->rank(), group_->size()));
    say_share("train", train_.labels.numel(), all);
    say_share("test", test_.labels.numel(), test_.labels.numel());
    net_ = Net();
    optimizer_.emplace(net_->parameters(), torch::optim::SGDOptions(settings.lr)
                                               .momentum(settings.momentum));
    gradients_.emplace(net_->parameters());
  }

  void run() {
    for (int64_t epoch = 1; epoch <= settings_.epochs; ++epoch) {
      train_epoch(epoch);
      test();
    }
    save();
  }

 private:
  static void say_share(const char* what, int64_t own, int64_t all) {
    say(fmt::format("Processes {}/{} ({:.0f}%) of {} data", own, all,
                    100.0 * static_cast<double>(own) / static_cast<double>(all), what));
  }

  void train_epoch(int64_t epoch) {
    net_->train();
    draw_loader_seed();
    const torch::Tensor order =
        group_ ? torch::Tensor() : shuffled(train_.labels.numel(), draw_sampler_seed());
    const int64_t count = train_.labels.numel();
    const int64_t batches = (count + settings_.batch_size - 1) / settings_.batch_size;
    for (int64_t batch = 1; batch <= batches; ++batch) {
      const int64_t first = (batch - 1) * settings_.batch_size;
      const int64_t size = std::min(settings_.batch_size, count - first);
      const torch::Tensor loss = step(part_of(order, first, size));
      if (batch % settings_.log_interval == 0) {
        say(fmt::format("Train Epoch: {} [{}/{} ({:.0f}%)] Loss: {:.6f}", epoch, batch * size,
                        count, 100.0 * static_cast<double>(batch) / static_cast<double>(batches),
                        loss.item<float>()));
      }
    }
  }

  Tensors part_of(const torch::Tensor& order, int64_t first, int64_t size) const {
    if (order.defined()) return rows(train_, order.narrow(0, first, size));
    return {.images = train_.images.narrow(0, first, size),
            .labels = train_.labels.narrow(0, first, size)};
  }

  torch::Tensor step(const Tensors& batch) {
    gradients_->zero();
    torch::Tensor loss = torch::nll_loss(net_(batch.images), batch.labels);
    loss.backward();
    if (group_) group_->average(gradients_->tensor());
    optimizer_->step();
    return loss;
  }

  void test() {
    net_->eval();
    draw_loader_seed();
    draw_sampler_seed();  // the order in which images are tested changes nothing
    c10::InferenceMode inference;
    const int64_t count = test_.labels.numel();
    double loss = 0;
    int64_t correct = 0;
    for (int64_t first = 0; first < count; first += settings_.test_batch_size) {
      const int64_t size = std::min(settings_.test_batch_size, count - first);
      const torch::Tensor labels = test_.labels.narrow(0, first, size);
      const torch::Tensor output = net_(test_.images.narrow(0, first, size));
      loss += torch::nll_loss(output, labels, {}, at::Reduction::Sum).item<float>();
      correct += output.argmax(1).eq(labels).sum().item<int64_t>();
    }
    say(fmt::format("Test set: Average loss: {:.4f}, Accuracy: {}/{} ({:.0f}%)",
                    loss / static_cast<double>(count), correct, count,
                    100.0 * static_cast<double>(correct) / static_cast<double>(count)));
  }

  /// The names are those that the tutorial's program gives them, and reads.
  void save() {
    say("Saving the model.");
    trainyard::NamedTensors tensors;
    for (const auto& parameter : net_->named_parameters()) {
      tensors.emplace_back("module." + parameter.key(), parameter.value());
    }
    trainyard::save_tensors(tensors, settings_.model_dir / "model.pth");
  }

  const Settings& settings_;
  std::optional<trainyard::ProcessGroup>& group_;
  Tensors train_, test_;
  Net net_{nullptr};
  std::optional<torch::optim::SGD> optimizer_;
  std::optional<trainyard::FlatGradients> gradients_;
};

}  // namespace

void train(const Environment& given, const Arguments& arguments) try {
  Environment environment = given;
  const Settings settings = read_settings(environment, arguments);
  const bool distributed = environment.world_size() > 1 && !settings.backend.empty();
  say(fmt::format("Distributed training - {}", distributed ? "True" : "False"));
  say(fmt::format("Number of gpus available - {}", environment.gpus));
  trainyard::use_threads(kThreads);
  std::optional<trainyard::ProcessGroup> group;
  if (distributed) {
    group.emplace(environment);
    say(fmt::format("Initialized the distributed environment: '{}' backend on {} nodes. Current "
                    "host rank is {}. Number of gpus: {}",
                    settings.backend, group->size(), group->rank(), environment.gpus));
  }
  Trainer(settings, group).run();
  if (group) group->barrier();  // rank 0 holds the meeting point: it goes last
} catch (const c10::Error& error) {
  throw SystemError(error.what_without_backtrace());
}

}  // namespace mnist
