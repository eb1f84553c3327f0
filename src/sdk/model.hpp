// Models, and endpoints that answer with them.
#pragma once

#include <string>

#include "base/json.hpp"
#include "sdk/session.hpp"
#include "sdk/tensor.hpp"

namespace trainyard::sdk {

/// An endpoint as a function. The session must outlive it. Safe for use from several threads.
class Predictor {
 public:
  Predictor(Session& session, std::string endpoint_name)
      : session_(session), endpoint_name_(std::move(endpoint_name)) {}

  struct Reply {
    std::string body;
    std::string content_type;
    std::string variant;  // the production variant that answered
  };

  /// Any bytes. ApiError ModelError (424) when the program behind the endpoint fails.
  Reply invoke(const std::string& body, const std::string& content_type,
               const std::string& accept = "");

  /// By npy both ways. `type`: the element type on the wire.
  Tensor predict(const Tensor& input, NpyType type = NpyType::float64);
  /// By JSON both ways.
  json::value predict(const json::value& input);
  /// By CSV both ways.
  Tensor predict_csv(const Tensor& input);

  /// Deletes the endpoint's configuration and the endpoint.
  void delete_endpoint();
  /// Deletes the models that the endpoint's configuration names; call it before delete_endpoint.
  void delete_model();

  const std::string& endpoint_name() const { return endpoint_name_; }

 private:
  Session& session_;
  std::string endpoint_name_;
};

/// A model to be created: image, weights, environment. The session must outlive it.
class Model {
 public:
  /// `container`: CreateModel's PrimaryContainer.
  Model(Session& session, std::string name, json::object container, std::string role)
      : session_(session),
        name_(std::move(name)),
        container_(std::move(container)),
        role_(std::move(role)) {}

  /// CreateModel; a model of that name that exists already is kept.
  void create();
  /// Creates model, endpoint configuration and endpoint; returns when it is InService. SystemError
  /// with the FailureReason when it fails. `endpoint_name` "": the model's name.
  Predictor deploy(int instance_count, const std::string& instance_type,
                   const std::string& endpoint_name = "");

  const std::string& name() const { return name_; }
  const json::object& container() const { return container_; }
  const std::string& role() const { return role_; }

 private:
  Session& session_;
  std::string name_;
  json::object container_;
  std::string role_;
};

/// Returns when the endpoint is InService; SystemError with the FailureReason when it fails.
void wait_for_endpoint(Session& session, const std::string& endpoint_name);

}  // namespace trainyard::sdk
