// Where attempts run. Every try of a job or an instance is a new attempt with a fresh id (a fence);
// an instance's receipt outranks what the engine says; unreachable is unknown, never failed.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/json.hpp"

namespace trainyard::compute {

/// What serves inside an instance listens here (SageMaker's container contract).
inline constexpr int kContainerPort = 8080;

struct AttemptSpec {
  std::string id;                  // [a-z0-9-], unique for ever
  std::vector<std::string> hosts;  // "algo-1", …; one agent each
  json::object plan;               // what every agent gets (agent/plan.hpp)
  bool sees_images = false;        // its programs run from OCI images (compute/images.hpp)
  std::string volume;              // [a-z0-9-]: what its program keeps over attempts; "" for none
};

enum class InstanceState {
  unknown,  // the engine cannot tell now
  running,  // the agent is alive
  ended,    // the agent left a receipt
  lost,     // the agent is gone without a receipt
};

struct InstanceStatus {
  std::string host;
  InstanceState state = InstanceState::unknown;
  std::optional<json::object> receipt;  // agent/receipt.hpp
};

class Executor {
 public:
  virtual ~Executor() = default;
  /// Starts the agents. A repeat for the same id finds them and starts nothing.
  virtual void submit(const AttemptSpec& spec) = 0;
  /// Every attempt that has a folder here (after a restart: what to adopt).
  virtual std::vector<std::string> find() = 0;
  virtual std::map<std::string, std::vector<InstanceStatus>> observe(
      std::span<const std::string> ids) = 0;
  /// Asks the agents to stop their programs (SIGTERM, then SIGKILL after the plan's grace); repeats
  /// and unknown ids are no error.
  virtual void cancel(const std::string& id) = 0;
  /// Kills agents and everything below at once.
  virtual void kill(const std::string& id) = 0;
  /// Removes what is left of an ended attempt.
  virtual void forget(const std::string& id) = 0;
  /// Removes a volume with all that is in it; a missing one is no error. Volumes are made by the
  /// submission of an attempt that names them and stay until then. No attempt may run on it.
  virtual void remove_volume(const std::string& id) = 0;
  /// A TCP connection to `port` of an instance. SystemError when refused or unreachable.
  virtual Fd connect(const std::string& id, const std::string& host, int port) = 0;
};

}  // namespace trainyard::compute
