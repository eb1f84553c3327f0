// The model server: GET /ping, POST /invocations, GET /execution-parameters.
#pragma once

#include "http/server.hpp"
#include "sdk/program/program.hpp"

namespace trainyard::serving {

inline constexpr std::size_t kPayloadBytesMax = 25u << 20;  // InvokeEndpoint's limit

struct ServeOptions {
  std::string host = "0.0.0.0";
  int port = 8080;              // SAGEMAKER_BIND_TO_PORT
  int workers = 1;              // SAGEMAKER_MODEL_SERVER_WORKERS
  std::string default_accept = "application/json";  // SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT
  fs::path model_dir;
  /// As SageMaker's inference toolkit answers for a model without code: CSV as numpy.genfromtxt
  /// reads it (one line, or one column, is a vector), and 500 whatever is wrong with a request.
  bool as_inference_toolkit = false;
};

class ModelServer {
 public:
  /// Listens at once (/ping answers 503), loads and warms the model up; then /ping answers 200.
  /// Throws what model_fn or the warm-up throws.
  ModelServer(const Program& program, const ServeOptions& options);
  ~ModelServer();

  int port() const;
  /// Lets running requests finish.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Serves as the container's environment says (the names above), changed by `adjust`, until SIGTERM
/// or SIGINT. Returns main's exit status; why it is not 0 stands on standard error. To be called
/// before any thread starts.
int serve_until_told(const Program& program,
                     const std::function<void(ServeOptions&)>& adjust = {});

}  // namespace trainyard::serving
