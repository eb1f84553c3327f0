// The HTTP front of an instance: GET /ping, POST /invocations, GET /execution-parameters.
#pragma once

#include "hosting/pool.hpp"
#include "http/server.hpp"

namespace trainyard::hosting {

class ModelServer {
 public:
  /// Listens at once; /ping answers 503 until a worker is warm.
  ModelServer(const Settings& settings, WorkerCommand worker);
  ~ModelServer();

  int port() const { return port_; }
  /// Readable once the model has turned out to be one that cannot be loaded.
  int given_up() const { return pool_.given_up(); }
  /// No new requests; those that run get `grace` to finish.
  void drain(std::chrono::milliseconds grace) { server_.stop(grace); }

 private:
  http::Response handle(http::Request& request);
  http::Response invoke(http::Request& request);

  http::Server server_;
  Pool pool_;
  int port_ = 0;
};

/// Serves until SIGTERM or SIGINT, or until no worker can load the model. Returns the exit status.
int run();

}  // namespace trainyard::hosting
