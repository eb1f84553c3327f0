#include <future>
#include <fstream>

#include <netinet/in.h>
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.hpp"
#include "idx.hpp"
#include "mnist.hpp"
#include "net.hpp"
#include "sampler.hpp"
#include "sdk/program/torch_group.hpp"
#include "sdk/program/torch_tensor.hpp"

namespace mnist {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using trainyard::Environment;
using trainyard::SystemError;
using trainyard::TempDir;
using trainyard::thrown;
namespace fs = trainyard::fs;

std::string idx(uint8_t kind, uint32_t count, const std::string& rest) {
  std::string text("\0\0\x08", 3);
  text += static_cast<char>(kind);
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(count >> shift);
  return text + rest;
}

/// Images of digit d have a bright bar in row 2 d.
void write_data(const fs::path& raw, const std::string& kind, int count) {
  std::string images("\0\0\0\x1c\0\0\0\x1c", 8);
  std::string labels;
  for (int i = 0; i < count; ++i) {
    std::string image(kSide * kSide, '\0');
    std::fill_n(image.begin() + 2 * (i % kClasses) * kSide, 2 * kSide, '\xff');
    images += image;
    labels += static_cast<char>(i % kClasses);
  }
  fs::create_directories(raw);
  std::ofstream(raw / (kind + "-images-idx3-ubyte")) << idx(3, count, images);
  std::ofstream(raw / (kind + "-labels-idx1-ubyte")) << idx(1, count, labels);
}

TEST(Idx, ReadsAndRefuses) {
  const std::string sides("\0\0\0\x1c\0\0\0\x1c", 8);
  const std::string images = idx(3, 1, sides + std::string(784, '\x05'));
  const std::string labels = idx(1, 1, "\x03");
  const Digits digits = parse_idx(images, labels);
  EXPECT_EQ(digits.count(), 1);
  EXPECT_EQ(digits.labels[0], 3);
  EXPECT_EQ(digits.pixels[783], 5);
  EXPECT_THROW(parse_idx(images.substr(0, 700), labels), SystemError);
  EXPECT_THROW(parse_idx(images, idx(1, 2, "\x03\x04")), SystemError);
  EXPECT_THROW(parse_idx(images, idx(1, 1, "\x0a")), SystemError);
  EXPECT_THROW(parse_idx(labels, images), SystemError);
  EXPECT_THROW(parse_idx("", ""), SystemError);
}

TEST(Idx, FindsTheFiles) {
  for (const char* place : {"MNIST/raw", "raw", ""}) {
    const TempDir folder;
    EXPECT_THAT(thrown([&] { read_digits(folder.path(), true); }),
                HasSubstr("train-images-idx3-ubyte is neither in " + folder.path().string()));
    write_data(folder.path() / place, "train", 20);
    EXPECT_EQ(read_digits(folder.path(), true).count(), 20);
    EXPECT_THROW(read_digits(folder.path(), false), SystemError);
  }
}

std::vector<int64_t> list(const torch::Tensor& tensor) {
  return {tensor.data_ptr<int64_t>(), tensor.data_ptr<int64_t>() + tensor.numel()};
}

// What Python's torch.randperm and DistributedSampler say.
TEST(Sampler, DrawsAsPythonDoes) {
  EXPECT_THAT(list(shuffled(10, 0)), ElementsAre(4, 1, 7, 5, 3, 9, 0, 8, 6, 2));
  EXPECT_THAT(list(shard_of(10, 0, 2)), ElementsAre(4, 7, 3, 0, 6));
  EXPECT_THAT(list(shard_of(10, 1, 2)), ElementsAre(1, 5, 9, 8, 2));
  EXPECT_THAT(list(shard_of(7, 2, 3)), ElementsAre(5, 6, 0));
  EXPECT_THAT(list(shard_of(2, 4, 5)), ElementsAre(0));
  const std::vector<int64_t> second = list(shard_of(60'000, 1, 2));
  EXPECT_EQ(second.size(), 30'000u);
  EXPECT_THAT(std::vector(second.begin(), second.begin() + 4),
              ElementsAre(10678, 55074, 15479, 43095));
}

TEST(Files, TensorsByName) {
  const TempDir folder;
  const std::string path = folder.path() / "x.pth";
  const torch::Tensor table = torch::arange(6).view({2, 3});
  trainyard::save_tensors({{"a", table},
                           {"a.t", table.t()},
                           {"b", torch::ones({1}, torch::kFloat16).requires_grad_(true)},
                           {"none", torch::empty({0, 2})}},
                          path);
  const auto tensors = trainyard::load_tensors(path);
  ASSERT_EQ(tensors.size(), 4u);
  EXPECT_EQ(tensors[0].first, "a");
  EXPECT_TRUE(torch::equal(tensors[0].second, table));
  EXPECT_TRUE(torch::equal(tensors[1].second, table.t()));
  EXPECT_TRUE(tensors[1].second.is_alias_of(tensors[0].second));
  EXPECT_TRUE(torch::equal(tensors[2].second, torch::ones({1}, torch::kFloat16)));
  EXPECT_THAT(tensors[3].second.sizes().vec(), ElementsAre(0, 2));
  std::ofstream(path) << "not a pickle, and no archive that holds one";
  EXPECT_THAT(thrown([&] { trainyard::load_tensors(path); }),
              HasSubstr(path + ": not a zip archive as torch.save writes it"));
  EXPECT_THAT(thrown([&] {
                trainyard::save_tensors({{"c", torch::ones({1}, torch::kComplexFloat)}}, path);
              }),
              HasSubstr("c has an element type that no plain storage has"));
}

int free_port() {
  const trainyard::Fd fd(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  socklen_t size = sizeof address;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

TEST(Group, AveragesGradientsInPlace) {
  ::setenv("GLOO_SOCKET_IFNAME", "lo", 1);
  Environment environment;
  environment.hosts = {"algo-1", "algo-2"};
  environment.master_host = "127.0.0.1";
  environment.master_port = free_port();
  auto member = [environment](const std::string& host, float scale) mutable {
    environment.current_host = host;
    trainyard::ProcessGroup group(environment);
    torch::Tensor a = torch::ones({2, 2}, torch::requires_grad());
    torch::Tensor b = torch::ones({3}, torch::requires_grad());
    trainyard::FlatGradients gradients({a, b});
    for (int step = 0; step < 3; ++step) {
      gradients.zero();
      (a.sum() * scale + b.sum() * 10 * scale).backward();
      group.average(gradients.tensor());
    }
    group.barrier();
    return torch::cat({a.grad().flatten(), b.grad()});
  };
  auto second = std::async(std::launch::async, member, "algo-2", 3.0f);
  const torch::Tensor first = member("algo-1", 1.0f);
  const torch::Tensor expected = torch::tensor({2.f, 2.f, 2.f, 2.f, 20.f, 20.f, 20.f});
  EXPECT_TRUE(torch::equal(first, expected)) << first;
  EXPECT_TRUE(torch::equal(second.get(), expected));
}

TEST(Train, LearnsSavesAndServes) {
  const TempDir folder;
  write_data(folder.path() / "data/MNIST/raw", "train", 640);
  write_data(folder.path() / "data/MNIST/raw", "t10k", 50);
  Environment environment;
  environment.model_dir = folder.path() / "model";
  environment.channels["training"] = folder.path() / "data";
  fs::create_directories(environment.model_dir);
  ::testing::internal::CaptureStdout();
  train(environment, trainyard::Arguments({"--epochs", "4", "--lr", "0.1", "--log-interval", "5"},
                                          {{"backend", "gloo"}}));
  const std::string log = ::testing::internal::GetCapturedStdout();
  EXPECT_THAT(log, HasSubstr("Distributed training - False\n"));
  EXPECT_THAT(log, HasSubstr("Processes 640/640 (100%) of train data\n"));
  EXPECT_THAT(log, HasSubstr("Train Epoch: 4 [640/640 (100%)] Loss: "));
  EXPECT_THAT(log, HasSubstr(", Accuracy: 50/50 (100%)\n"));
  trainyard::Model model = load(environment.model_dir);
  trainyard::Tensor input{{2, 784}, std::vector<double>(2 * 784, -kMean / kDeviation)};
  std::fill_n(input.values.begin() + 2 * 7 * kSide, 2 * kSide, (1 - kMean) / kDeviation);
  std::fill_n(input.values.begin() + 784 + 2 * 3 * kSide, 2 * kSide, (1 - kMean) / kDeviation);
  const trainyard::Tensor output = predict(model, input);
  EXPECT_THAT(output.shape, ElementsAre(2, 10));
  EXPECT_THAT(output.argmax_rows(), ElementsAre(7, 3));
  input.shape = {4, 392};
  EXPECT_THROW(predict(model, input), trainyard::BadInput);
  EXPECT_THAT(thrown([&] { load(folder.path()); }), HasSubstr("model.pth"));
}

TEST(Train, RefusesWhatItDoesNotKnow) {
  Environment environment;
  auto refusal = [&](std::vector<std::string> words) {
    return thrown([&] { train(environment, trainyard::Arguments(words, {})); });
  };
  EXPECT_THAT(refusal({"--epoch", "3"}), HasSubstr("unknown argument --epoch"));
  EXPECT_THAT(refusal({"--epochs", "many"}), HasSubstr("--epochs: 'many'"));
  EXPECT_THAT(refusal({"--num-gpus", "1"}), HasSubstr("CPUs only"));
  EXPECT_THAT(refusal({}), HasSubstr("no channel training"));
  EXPECT_THAT(refusal({"--data-dir", "/nowhere", "--backend", "nccl"}), HasSubstr("not gloo"));
  EXPECT_THAT(refusal({"--data-dir", "/nowhere"}), HasSubstr("train-images-idx3-ubyte"));
}

}  // namespace
}  // namespace mnist
