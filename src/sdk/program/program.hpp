// A training program in C++: trainer and model server in one, told by its first argument. It speaks
// SageMaker's container contract (Amazon SageMaker Developer Guide, "Use your own training
// algorithms" and "Use your own inference code"), so it runs here and there alike.
//
//   int main(int argc, char** argv) {
//     return trainyard::run(argc, argv, {.train = train, .model_fn = load, .predict_fn = predict});
//   }
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "sdk/tensor.hpp"

namespace trainyard {

using sdk::Tensor;

/// What the container tells the program: the SM_* variables, or where they are missing the files
/// under /opt/ml that they are made from.
struct Environment {
  std::vector<std::string> hosts{"algo-1"};
  std::string current_host = "algo-1";
  std::string network_interface;
  fs::path model_dir = "/opt/ml/model";
  fs::path output_dir = "/opt/ml/output";
  fs::path output_data_dir = "/opt/ml/output/data";
  std::map<std::string, fs::path> channels;             // "training" → its folder
  std::map<std::string, std::string> hyperparameters;   // decoded: gloo, not "gloo"
  std::string job_name;
  std::string master_host = "algo-1";
  int master_port = 7777;
  int cpus = 1;  // this instance's share, not the machine's
  int gpus = 0;

  int world_size() const { return static_cast<int>(hosts.size()); }
  int rank() const;  // of current_host among hosts; SystemError when it is not one of them
  /// SystemError "no channel NAME: …" when the job has none of that name.
  const fs::path& channel(const std::string& name) const;
};

using Variables = std::function<std::optional<std::string>(const std::string& name)>;
/// SystemError when a variable or file is malformed.
Environment read_environment();
Environment read_environment(const Variables& variables, const fs::path& base = "/opt/ml");
/// The environment's output_dir, which is known even when the rest is malformed.
fs::path read_output_dir();

/// "--name value" and "--name=value" from the command line, then the job's hyperparameters.
class Arguments {
 public:
  /// SystemError for anything that is no option.
  Arguments(const std::vector<std::string>& arguments,
            const std::map<std::string, std::string>& hyperparameters);

  std::string text(const std::string& name, std::string otherwise) const;
  /// SystemError "--epochs: 'x' is not a whole number from 1 to 1000".
  int64_t integer(const std::string& name, int64_t otherwise, int64_t min, int64_t max) const;
  double number(const std::string& name, double otherwise, double min, double max) const;
  /// SystemError naming an option that is not among `known`: a typing error must not go unnoticed.
  void allow_only(const std::vector<std::string>& known) const;

 private:
  std::map<std::string, std::string> values_;
};

/// Whatever model_fn makes; predict_fn knows its type.
using Model = std::shared_ptr<void>;

/// Whether the rows of several requests may go through predict_fn together.
enum class Joining {
  trusted,  // each row's answer depends on that row alone
  tried,    // nobody knows: the first joint answers are compared with those of each request alone,
            // and where they differ requests stay alone for good
};

struct Program {
  /// Trains and saves into environment.model_dir. What it throws becomes /opt/ml/output/failure and
  /// exit status 1.
  std::function<void(const Environment&, const Arguments&)> train;
  /// Loads the model that `train` has saved.
  std::function<Model(const fs::path& model_dir)> model_fn;
  /// Predicts for a batch: as many rows out as in (first dimension). Called from one thread at a
  /// time per worker. What it throws as BadInput is the client's fault (400).
  std::function<Tensor(Model& model, const Tensor& input)> predict_fn;
  /// A batch of one that warms the model up before /ping answers 200.
  std::optional<Tensor> example;
  Joining joining = Joining::trusted;
};

/// The client sent what the model cannot take.
class BadInput : public SystemError {
 public:
  using SystemError::SystemError;
};

/// `serve` serves; `train`, an option or nothing trains. Returns main's exit status.
int run(int argc, char** argv, Program program);

}  // namespace trainyard
