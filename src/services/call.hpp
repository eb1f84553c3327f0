// What a handler gets beside its input. Handlers are free functions, declared by the generator:
//   CreateModelOutput create_model(Call&, const CreateModelInput&);          // mode write or read
//   GetObjectOutput get_object(StreamCall&, const GetObjectInput&);          // mode stream
// A write or read handler has no effect outside call.txn and may run again.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "http/message.hpp"
#include "identity/caller.hpp"
#include "store/outbox.hpp"
#include "store/store.hpp"

namespace trainyard {

class Blobs;
class Segments;

/// Facts about this daemon.
struct Site {
  std::string account = "000000000000";
  std::string region = "us-east-1";
  std::string url;       // http://127.0.0.1:4566
  fs::path data_dir;
};

struct Call;

/// The door for one service's call to another: parse, validate, authorise as `principal`, handle,
/// inside the caller's transaction (a savepoint of its own). Input and output are JSON with AWS's
/// member names. What the operation throws comes through as ApiError.
class Door {
 public:
  virtual ~Door() = default;
  virtual json::object invoke(Call& call, const Caller& principal, std::string_view service,
                              std::string_view operation, const json::object& input) = 0;
  /// Whether there is such an operation here, and whether its input has such a member: definitions
  /// of state machines are checked against both when they are created.
  virtual bool has_operation(std::string_view service, std::string_view operation) const = 0;
  virtual bool has_member(std::string_view service, std::string_view operation,
                          std::string_view member) const = 0;
};

struct Call {
  Txn& txn;
  const Caller& caller;
  Time now;
  Random& random;
  const Site& site;
  Door& door;
  Blobs& blobs;
  Segments& segments;
  std::string request_id;
};

/// A connection to a port of a hosting instance; implemented by the server over the executor.
class InstanceRouter {
 public:
  virtual ~InstanceRouter() = default;
  /// Picks an instance of the endpoint (weights, health), sends and returns the response with its
  /// stream. ApiError as InvokeEndpoint gives: ValidationError 400 when the endpoint is missing,
  /// ServiceUnavailable 503, ModelError 424.
  struct Invocation {
    std::string endpoint;
    std::string variant;  // "" = by weight
    http::Headers headers;
    std::shared_ptr<http::BodyReader> body;
    std::optional<uint64_t> length;
  };
  struct Answer {
    http::Response response;
    std::string variant;
  };
  virtual Answer invoke(const Invocation& invocation) = 0;
};

struct StreamCall {
  Store& store;
  const Caller& caller;
  Clock& clock;
  Random& random;
  const Site& site;
  Blobs& blobs;
  Segments& segments;
  InstanceRouter& router;
  const http::Request& request;  // its body is reached through the input's stream member
  std::string request_id;
};

}  // namespace trainyard
