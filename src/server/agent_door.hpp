// The doors of running attempts: DIR/run/agents.sock, where agents report (a token an attempt), and
// DIR/run/attempts/<id>.sock, where what runs inside reaches the AWS API and nothing else.
#pragma once

#include <memory>
#include <string>

#include "compute/images.hpp"
#include "http/server.hpp"
#include "server/parts.hpp"

namespace trainyard::server {

class AgentDoor {
 public:
  using Connect = std::function<http::ConnectAnswer(const http::Request&)>;
  /// `aws` answers signed AWS calls (the pipeline's handler, without any `/_` path), `connect` what
  /// asks for one of AWS's hosts by name. `images`: what agents whose programs run from OCI images
  /// wait for.
  AgentDoor(const Parts& parts, compute::ImageStore& images, http::Server::Handler aws,
            Connect connect);
  ~AgentDoor();

  /// Listens on agents.sock, and on the doors of the attempts that live on from before.
  void start();
  void stop();

  void open_door(const std::string& attempt);
  void close_door(const std::string& attempt);
  /// Answers the attempt's waiting command polls with "stop".
  void tell_stop(const std::string& attempt);

  /// Looks once at what the executor says of live attempts: takes in receipts that were left while
  /// nobody listened, and reports lost instances.
  void observe();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trainyard::server
