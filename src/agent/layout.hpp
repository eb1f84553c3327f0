// The folder that a program finds at /opt/ml (SageMaker Developer Guide, "How Amazon SageMaker
// Provides Training Information").
#pragma once

#include <string>

#include "agent/plan.hpp"
#include "base/files.hpp"

namespace trainyard::agent {

struct OptMl {
  fs::path base;
  fs::path data() const { return base / "input/data"; }
  fs::path code() const { return base / "code"; }
  fs::path model() const { return base / "model"; }
  fs::path output_data() const { return base / "output/data"; }
};

/// Makes the folders and, for training, the files of input/config; for a notebook only what tells
/// it who it is (SageMaker's SDKs read /opt/ml/metadata/resource-metadata.json).
void lay_out(const OptMl& opt_ml, const Plan& plan, const std::string& host, bool sandboxed);

/// The text that the program left in output/failure, up to `max` bytes of valid UTF-8; "" when
/// there is none. Never follows a link and takes only a regular file.
std::string read_failure(const OptMl& opt_ml, std::size_t max);

}  // namespace trainyard::agent
