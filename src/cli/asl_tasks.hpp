// Tasks that a daemon does, called as whoever runs the command.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/asl_run.hpp"
#include "client/transport.hpp"
#include "server/door.hpp"
#include "services/states/catalogue.hpp"

namespace trainyard::states {
struct SyncRule;
}

namespace trainyard::cli {

/// Makes the call of each task by the client's transport, with the request, response and errors
/// that the integration has in a daemon; waits for the jobs of `.sync` tasks by asking for them,
/// and stops them when nobody waits any longer. What cannot be done from outside of a daemon
/// (tokens, activities, HTTP endpoints, another role) is a SystemError that names the state.
class DaemonTasks final : public TaskRunner {
 public:
  using Say = std::function<void(const std::string& line)>;

  /// `calls` and `clock`, the real one, must outlive it. `execution_arn` marks what is made; what
  /// goes wrong while something is stopped is said to `say`.
  DaemonTasks(wire::Invoker& calls, std::string execution_arn, Clock& clock, Random& random,
              Say say);

  std::vector<Reaction> call(const Subject& subject, const asl::CallTask& call) override;
  void cancel(const asl::CancelTask& task) override;
  bool is_busy() const override { return !jobs_.empty(); }
  std::vector<asl::Event> poll() override;

 private:
  /// A `.sync` task's job that runs.
  struct Job {
    asl::CallId call;
    asl::Resource task;
    const states::SyncRule* rule;
    std::string arn;
    Time next_look;
    Duration pause;
  };

  states::Integration integration_of(const Subject& subject, const asl::CallTask& call) const;
  json::object invoke(std::string_view service, std::string_view operation,
                      const json::object& input, wire::JsonForm form = wire::JsonForm::service);
  std::optional<asl::TaskResult> look_at(const Job& job);
  void stop(const Job& job);

  wire::Invoker& calls_;
  std::string execution_arn_;
  Clock& clock_;
  Random& random_;
  Say say_;
  server::ServiceDoor door_;  // to look up what there is
  std::vector<Job> jobs_;
};

}  // namespace trainyard::cli
