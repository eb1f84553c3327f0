#include "sampler.hpp"

#include <ATen/CPUGeneratorImpl.h>

namespace mnist {
namespace {

uint64_t draw() {
  return static_cast<uint64_t>(torch::empty({}, torch::kInt64).random_().item<int64_t>());
}

}  // namespace

torch::Tensor shard_of(int64_t count, int rank, int size) {
  torch::Tensor order = shuffled(count, 0);
  const int64_t each = (count + size - 1) / size;
  while (order.numel() < each * size) {
    const int64_t missing = each * size - order.numel();
    order = torch::cat({order, order.narrow(0, 0, std::min(missing, count))});
  }
  return order.slice(0, rank, each * size, size).contiguous();
}

torch::Tensor shuffled(int64_t count, uint64_t seed) {
  return torch::randperm(count, at::detail::createCPUGenerator(seed), torch::kInt64);
}

uint64_t draw_loader_seed() { return draw(); }
uint64_t draw_sampler_seed() { return draw(); }

}  // namespace mnist
