// What runs inside an instance, in the place of a framework image's `train` and `serve`.
#pragma once

#include "base/files.hpp"

namespace trainyard::toolkit {

/// `train`, `serve` or `notebook`; the base folder is $SAGEMAKER_BASE_DIR, or /opt/ml. Returns the
/// exit status: the program's own, 128 + the signal that ended it, 1 when it could not be run, 2
/// for a wrong call. `serve` and `notebook` do not return when they succeed: the server takes this
/// process's place.
int run(int argc, char** argv);

/// Trains below `base`: leaves output/failure or output/success.
int train(const fs::path& base);
int serve(const fs::path& base);
/// Becomes JupyterLab: leaves output/failure when it cannot.
int notebook(const fs::path& base);

}  // namespace trainyard::toolkit
