// One instance of a job, an endpoint or a notebook from outside: prepares /opt/ml, runs the program
// in its sandbox, carries its lines, metrics and results to the daemon, and leaves a receipt.
#pragma once

#include <string>

#include "agent/log_queue.hpp"
#include "agent/serving.hpp"
#include "agent/stop.hpp"
#include "base/clock.hpp"
#include "compute/attempt_paths.hpp"
#include "compute/sandbox.hpp"

namespace trainyard::agent {

struct AgentOptions {
  fs::path attempt;  // DIR/attempts/<id>, as this process sees it
  std::string host;
  fs::path reports;  // DIR/run/agents.sock
  fs::path door;     // DIR/run/attempts/<id>.sock
  fs::path toolkit;  // the program that runs inside
  fs::path images;   // DIR/images, when the plan names an OCI image
  fs::path volume;   // of a notebook: its folder, which stays
  compute::SandboxMode sandbox = compute::SandboxMode::bwrap;
  LogQueueLimits logs;
  std::chrono::milliseconds ping_every = kPingEvery;  // of a server that is in service
};

/// Returns once the receipt is written and, if the daemon is there, heard. The calling thread must
/// be the one that lives longest: the program ends with it. Nothing is thrown that a receipt can
/// say; SystemError for a plan that cannot be read or a receipt that cannot be written.
void run_agent(const AgentOptions& options, StopSignal& stop, Clock& clock);

}  // namespace trainyard::agent
