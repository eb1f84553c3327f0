// The life of one instance, step by step.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/agent.hpp"
#include "agent/daemon_link.hpp"
#include "agent/egress.hpp"
#include "agent/fetch.hpp"
#include "agent/forwarder.hpp"
#include "agent/image.hpp"
#include "agent/layout.hpp"
#include "agent/metrics.hpp"
#include "agent/notebook.hpp"
#include "agent/plan.hpp"
#include "agent/receipt.hpp"
#include "agent/reporter.hpp"
#include "agent/serving.hpp"
#include "agent/shipper.hpp"
#include "client/transport.hpp"
#include "compute/network.hpp"

namespace trainyard::agent {

class OutputPump;

class Instance {
 public:
  Instance(const AgentOptions& options, const Plan& plan, DaemonLink& link, Reporter& reporter,
           StopSignal& stop, Clock& clock);
  ~Instance();

  /// From the downloads to the last line of the log; never throws what a receipt can say.
  Receipt run();

 private:
  void work();
  void fetch();
  void take_image();
  void open_doors();
  void open_way_out();
  std::map<std::string, fs::path> host_files() const;
  std::map<std::string, std::string> environment() const;
  std::map<std::string, std::string> way_out_variables() const;
  std::vector<fs::path> programs_beside() const;
  std::map<std::string, std::string> base_environment() const;
  compute::SandboxedProgram start_program();
  void take_toolkit(compute::SandboxSpec& spec) const;
  std::string program_failure(int status, const OutputPump& pump) const;
  std::string given_up() const;
  /// Until it has ended by itself or by our doing.
  void watch(compute::SandboxedProgram& program);
  void train(compute::SandboxedProgram& program);
  void serve(compute::SandboxedProgram& program);
  bool await_service(compute::SandboxedProgram& program);
  void watch_service(compute::SandboxedProgram& program);
  bool is_well();
  Fd connect_server();
  void stop_program(compute::SandboxedProgram& program);
  void judge(int status, const OutputPump& pump);
  void upload();
  const HealthCheck& check() const {
    return plan_.is_notebook() ? kNotebookCheck : kModelServerCheck;
  }
  bool sandboxed() const { return options_.sandbox == compute::SandboxMode::bwrap; }
  void fail(const std::string& kind, const std::string& reason);

  const AgentOptions& options_;
  const Plan& plan_;
  DaemonLink& link_;
  Reporter& reporter_;
  StopSignal& stop_;
  Clock& clock_;
  const compute::AttemptPaths paths_;
  const OptMl opt_ml_;
  Shipper shipper_;
  std::vector<std::string> metric_problems_;
  MetricScanner scanner_;
  client::Transport transport_;
  std::unique_ptr<compute::NetworkClient> network_;
  std::optional<compute::Namespaces> namespaces_;
  std::unique_ptr<Forwarder> forwarder_;
  std::optional<compute::Egress> egress_;  // what this instance has of the internet
  std::unique_ptr<EgressProxy> way_out_;   // with a sandbox, and for notebooks
  int way_out_port_ = 0;    // without a sandbox
  GivenFiles given_;        // of a notebook
  std::string door_token_;  // without a sandbox: what the program shows to get credentials
  int door_port_ = 0;       // without a sandbox
  int server_port_ = 0;     // without a sandbox: in the place of 8080
  bool stopping_ = false;   // the program was told to end
  std::optional<compute::Image> image_;  // that the program is from
  std::string unhealthy_;   // why the server was given up
  std::string overfull_;    // why the program was ended when its volume was full
  Receipt receipt_;
};

}  // namespace trainyard::agent
