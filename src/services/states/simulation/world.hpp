// The world that executions act on: SageMaker as the plan wants it, with its effects in the same
// store, so that they are undone and kept together with the turn that makes them.
#pragma once

#include <string>
#include <vector>

#include "services/open_door.hpp"
#include "services/states/simulation/plan.hpp"

namespace trainyard::states::simulation {

/// The kind of the message that ends a job.
inline constexpr std::string_view kJobMessage = "simulation.job";
/// The kind of the message that brings a task's token to a worker.
inline constexpr std::string_view kTokenMessage = "simulation.token";

class World final : public OpenDoor {
 public:
  explicit World(const Plan& plan) : plan_(plan) {}

  json::object invoke(Call& call, const Caller& principal, std::string_view service,
                      std::string_view operation, const json::object& input,
                      wire::JsonForm form) override;
  std::string_view error_shape(std::string_view, std::string_view code) const override {
    return code;
  }
  Listeners listeners(Call&, std::string_view, std::string_view) const override {
    return Listeners::jobs;
  }

  /// A job has come to its end: its status changes, and the bus brings the event unless it is lost.
  void end_job(Call& call, const outbox::Message& message, bool lose_event);

  /// Every call that was ever made, by its name.
  static std::vector<std::string> calls(Txn& txn);
  /// Jobs that run, and whom nobody will stop any more.
  static std::vector<std::string> running_jobs(Txn& txn);
  /// Forgets calls and jobs.
  static void clear(Txn& txn);

  static const Migration kMigrations[1];

 private:
  const Behaviour& behaviour_of(std::string_view name) const;
  json::object start_job(Call& call, const std::string& name, const Behaviour& behaviour);
  void stop_job(Call& call, const std::string& name);
  json::object job_detail(Txn& txn, const std::string& name) const;

  const Plan& plan_;
};

}  // namespace trainyard::states::simulation
