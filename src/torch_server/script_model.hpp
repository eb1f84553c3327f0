// A TorchScript model that is served without code of its user's.
#pragma once

#include "sdk/program/program.hpp"

namespace trainyard::torch_server {

/// The file in `model_dir` that holds the model: model.pt, or the only .pt or .pth file. Otherwise
/// SystemError that names what is there.
fs::path find_model(const fs::path& model_dir);

/// A model that this libtorch, or this server, is not for, and another server may be.
class NotServed : public SystemError {
 public:
  using SystemError::SystemError;
};

/// Loads, prepares and warms up what find_model finds. SystemError in one line when it is a
/// state_dict, or cannot be asked with one tensor; NotServed when libtorch cannot read it, or when
/// it answers something else than a tensor.
Model load(const fs::path& model_dir);

/// What forward answers. BadInput for element types that PyTorch does not have; SystemError, with
/// the last line of the model's own complaint (all of it is logged), when it refuses the input or
/// answers something else than a tensor.
Tensor predict(Model& model, const Tensor& input);

/// The two, for the server.
Program program();

}  // namespace trainyard::torch_server
