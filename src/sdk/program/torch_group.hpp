// Data-parallel training over gloo: one process an instance, equal models, gradients averaged.
#pragma once

#include <memory>
#include <vector>

#include <torch/types.h>

#include "sdk/program/program.hpp"

namespace trainyard {

/// The gradients of all parameters side by side in one tensor, so that one all-reduce averages them
/// all without a copy. (One call costs about the same for ten floats as for twenty thousand.) Each
/// parameter's grad() is a view into it: zero it with zero(), never with zero_grad() or by
/// resetting the gradients, which would take the views away.
class FlatGradients {
 public:
  /// float32 parameters that require gradients.
  explicit FlatGradients(const std::vector<torch::Tensor>& parameters);
  void zero();
  torch::Tensor& tensor() { return flat_; }

 private:
  torch::Tensor flat_;
};

/// The processes of a job's hosts. All members must make the same calls in the same order.
class ProcessGroup {
 public:
  /// Meets the others at environment.master_host:master_port, where rank 0 listens. Returns when
  /// all are there; SystemError after five minutes, or when a name does not resolve.
  explicit ProcessGroup(const Environment& environment);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  int rank() const;
  int size() const;
  /// In place: the mean over all members. SystemError when one of them is gone.
  void average(torch::Tensor& tensor);
  /// Returns once all members are here.
  void barrier();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trainyard
