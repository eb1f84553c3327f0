// Which images, in which order: as PyTorch's DataLoader draws them, number by number, so that a run
// here and one of the tutorial's Python program with the same seed end with the same weights.
#pragma once

#include <torch/torch.h>

namespace mnist {

/// DistributedSampler(shuffle=True) without set_epoch: a permutation seeded with 0, padded from its
/// beginning to a multiple of `size`, every size-th of it from `rank` on.
torch::Tensor shard_of(int64_t count, int rank, int size);

/// RandomSampler: a permutation of 0 to count - 1 from a generator of its own.
torch::Tensor shuffled(int64_t count, uint64_t seed);

/// What a DataLoader draws from the default generator when an iteration begins: a seed for its
/// workers, and later one for a RandomSampler.
uint64_t draw_loader_seed();
uint64_t draw_sampler_seed();

}  // namespace mnist
