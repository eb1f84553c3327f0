// Serves a TorchScript model that came without code: started inside an instance.
#include <CLI/CLI.hpp>

#include "sdk/program/serve.hpp"
#include "torch_server/script_model.hpp"

int main(int argc, char** argv) {
  CLI::App app("Serves a TorchScript model without Python");
  std::string model_dir = "/opt/ml/model";
  app.add_option("--model-dir", model_dir, "The folder that model.tar.gz was unpacked into")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return trainyard::serving::serve_until_told(
      trainyard::torch_server::program(), [&](trainyard::serving::ServeOptions& options) {
        options.model_dir = model_dir;
        options.as_inference_toolkit = true;
      });
}
