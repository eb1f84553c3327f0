// What the server asks about attempts, and what agents tell it. An attempt is one try of a training
// job, one instance of an endpoint, or one run of a notebook instance.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/call.hpp"

namespace trainyard::sagemaker {

/// Whether the token is the attempt's own.
bool check_token(Txn& txn, const std::string& attempt, const std::string& token);

/// Whether it is the log of one of the attempt's instances.
bool owns_log(Txn& txn, const std::string& attempt, const std::string& group,
              const std::string& stream);

/// The ARN of the role that the attempt's agents act as. ValidationException when the attempt is
/// unknown or has ended.
std::string role_of(Txn& txn, const std::string& attempt);

/// Whether the attempt was told to end.
bool is_cancelled(Txn& txn, const std::string& attempt);

/// Those with an instance that has not ended.
std::vector<std::string> live_attempts(Txn& txn);

/// {"phase": Downloading | Training | Uploading | InService | Unhealthy | Ended, "at": ms,
///  "receipt": {…} with Ended}. Reports may come twice and late; those about unknown attempts and
/// about ended instances change nothing. ValidationException for a malformed one.
void agent_report(Call& call, const std::string& attempt, const std::string& host,
                  const json::object& report);

/// Where CloudWatch has an instance's metrics, as SageMaker publishes them.
struct MetricsHome {
  std::string name_space;
  std::vector<std::pair<std::string, std::string>> dimensions;  // name, value
};

/// The values of a report that belong to a job's metrics.
struct JobMetrics {
  MetricsHome home;
  json::array values;
};

/// {"metrics": [{"name", "value", "timestamp": ms}]}: the last value of each that the job's request
/// defines becomes the job's FinalMetricDataList. Returns those; nullopt where there is no job.
std::optional<JobMetrics> put_metrics(Call& call, const std::string& attempt,
                                      const std::string& host, const json::object& body);

/// Where to put what an instance uses of the machine; nullopt for an unknown one and a notebook.
std::optional<MetricsHome> usage_home(Txn& txn, const std::string& attempt,
                                      const std::string& host);

/// The instance's agent is gone and left no receipt, or could not be started.
void instance_lost(Call& call, const std::string& attempt, const std::string& host,
                   const std::string& reason);

/// The daemon ends and takes its agents with it: jobs end Stopped, instances of endpoints and
/// notebook instances are cancelled and none is started again before restore().
void stop_everything(Call& call);

/// At the daemon's start: endpoints get the instances that they lack, notebook instances that ran
/// run again, and attempts of an earlier boot of the machine are remembered as such.
void restore(Call& call);

/// Takes a message of kind sagemaker.deadline.
void deliver_deadline(Call& call, const outbox::Message& message);

}  // namespace trainyard::sagemaker
