// What a handler gets beside its input. Handlers are free functions, declared by the generator:
//   CreateModelOutput create_model(Call&, const CreateModelInput&);          // mode write or read
//   GetObjectOutput get_object(StreamCall&, const GetObjectInput&);          // mode stream
//   Later<InvokeEndpointOutput> invoke_endpoint(StreamCall&, const …Input&); // mode later
// A write or read handler has no effect outside call.txn and may run again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "http/message.hpp"
#include "identity/caller.hpp"
#include "runtimes/table.hpp"
#include "services/limits.hpp"
#include "store/outbox.hpp"
#include "store/store.hpp"
#include "wire/json.hpp"

namespace trainyard {

class Blobs;
class Segments;

/// Facts about this daemon.
struct Site {
  std::string account = "000000000000";
  std::string region = "us-east-1";
  std::string url;       // http://127.0.0.1:4566
  /// What the host names below the daemon's own end in, and its port: "localhost:4566".
  std::string domain = "localhost:4566";
  fs::path data_dir;
  std::vector<std::string> http_allow;  // endpoints of workflows: states/http_task.hpp
  const runtimes::Table* runtimes = &runtimes::built_in();  // what images mean here
  Limits limits;
};

struct Call;

/// Who would hear an event of a service: nobody, only those that wait for a job (the rules that
/// Step Functions manages), or others too.
enum class Listeners { none, jobs, others };

/// The door for one service's call to another: parse, validate, authorise as `principal`, handle,
/// inside the caller's transaction (a savepoint of its own). Input and output are JSON in the given
/// form. What the operation throws comes through as ApiError.
class Door {
 public:
  virtual ~Door() = default;
  virtual json::object invoke(Call& call, const Caller& principal, std::string_view service,
                              std::string_view operation, const json::object& input,
                              wire::JsonForm form = wire::JsonForm::service) = 0;
  /// How an operation runs, nullopt when it is not here, and whether its input has such a member:
  /// definitions of state machines are checked against both when they are created. Only those of
  /// mode write or read can be invoked.
  virtual std::optional<wire::Mode> mode_of(std::string_view service,
                                            std::string_view operation) const = 0;
  virtual bool has_member(std::string_view service, std::string_view operation,
                          std::string_view member,
                          wire::JsonForm form = wire::JsonForm::service) const = 0;
  /// The name of the shape that a service's model has for an error's code; "" when it has none.
  virtual std::string_view error_shape(std::string_view service, std::string_view code) const = 0;
  /// Who listens to events of this source and type. Cheap: whoever has an event that nobody
  /// hears need not put it on the bus.
  virtual Listeners listeners(Call& call, std::string_view source,
                              std::string_view detail_type) const = 0;
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

/// The way to the instances of endpoints; implemented by the server over the executor.
class InstanceRouter {
 public:
  virtual ~InstanceRouter() = default;
  struct Invocation {
    std::string endpoint;
    std::string variant;  // "" = by weight
    http::Headers headers;
    std::string body;
  };
  struct Answer {
    http::Response response;
    std::string variant;
  };
  /// An invocation under way.
  class Invoked : public http::Wait {
   public:
    /// The response with its stream; waits for it. ApiError as InvokeEndpoint gives:
    /// ServiceUnavailable 503, ModelError 424. Called once.
    virtual Answer finish() = 0;
  };
  /// Picks an instance of the endpoint (weights, health) and sends. ApiError as InvokeEndpoint
  /// gives: ValidationError 400 when endpoint or variant are missing, ServiceUnavailable 503.
  virtual std::unique_ptr<Invoked> invoke(Invocation invocation) = 0;
};

/// What a handler of mode later returns: an output that something else has still to bring. It
/// outlives the call, so `finish` keeps what it needs by value; what the daemon owns (call.site,
/// call.store) lives on. `finish` throws as a handler does and is called once.
template <class Output>
struct Later {
  std::shared_ptr<http::Wait> wait;
  std::function<Output()> finish;
  /// Called after `finish` has returned: whether the answer has gone out to its client whole.
  std::function<void(bool sent)> over;
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
  Door& door;
  const http::Request& request;  // its body is reached through the input's stream member
  std::string request_id;
};

}  // namespace trainyard
