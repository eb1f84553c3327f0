// What `.sync` tasks wait for: a job that another service runs, or an execution.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "asl/execution.hpp"
#include "services/call.hpp"

namespace trainyard::states {

/// How a `.sync` task learns of its job's end (Step Functions Developer Guide, "Run a Job
/// (.sync)"): by events, and by asking. Jobs are named by their ARNs.
struct SyncRule {
  std::string_view service, operation;  // of the resource: "sagemaker", "createTrainingJob"
  std::string_view arn_member;          // of the response, in the service's form
  std::string_view source, detail_type, managed_rule;
  /// The job's end as the task sees it, from the detail of its event, or from what `describe`
  /// gives; nullopt while it goes on.
  std::optional<asl::TaskResult> (*result)(Call&, const asl::Resource& task, const std::string& job,
                                           const json::object& detail);
  /// ApiError when the principal may not.
  json::object (*describe)(Call&, const Caller& principal, const std::string& job);
  void (*stop)(Call&, const Caller& principal, const std::string& job);
};
/// nullptr when the resource's task waits for no job.
const SyncRule* find_sync_rule(const asl::Resource& resource);
const SyncRule* find_sync_rule_of_event(std::string_view source, std::string_view detail_type);

/// A task that waits for a job.
struct JobWait {
  int64_t execution = 0;
  asl::CallId call;
  std::string job;                  // its ARN
  std::string task;                 // the task's resource
  std::optional<std::string> role;  // Credentials
};
/// Events tell of a job's end at once; a poll is for those that do not come, because somebody has
/// removed the managed rule.
inline constexpr std::chrono::seconds kPollEvery{60};

/// Noted in the transaction that starts the job: no event can come before.
void insert_wait(Call& call, const JobWait& wait);
std::optional<JobWait> find_wait(Txn& txn, int64_t execution, const asl::CallId& call);
/// Everybody who waits for a job: executions can be shared.
std::vector<JobWait> find_waits(Txn& txn, std::string_view job);
bool is_awaited(Txn& txn, std::string_view job);
void delete_wait(Call& call, int64_t execution, const asl::CallId& id);
void delete_waits(Call& call, int64_t execution);

/// The wait of a message of kind `states.poll`; nullopt when it is over.
std::optional<JobWait> wait_of(Txn& txn, const outbox::Message& message);
void post_poll(Call& call, const JobWait& wait);

}  // namespace trainyard::states
