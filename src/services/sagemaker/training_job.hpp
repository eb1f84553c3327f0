// A training job as it is stored, and as DescribeTrainingJob shows it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "generated/sagemaker/types.hpp"
#include "services/sagemaker/resources.hpp"

namespace trainyard::sagemaker {

struct Transition {
  std::string status;
  std::string message;
  Time start;
  std::optional<Time> end;
};

/// Why the job's instances were told to stop.
enum class StopCause { none, user, deadline, failure };

struct TrainingJob {
  Resource resource;      // its status is TrainingJobStatus
  std::string secondary;  // SecondaryStatus
  std::vector<Transition> transitions;
  std::string attempt;    // the newest
  int64_t retries = 0;    // attempts that failed by our fault before it (RetryStrategy)
  StopCause stop = StopCause::none;
  std::string failure;    // FailureReason
  std::optional<Time> started;         // instances are up: billing begins
  std::optional<Time> training_since;  // MaxRuntimeInSeconds counts from here
  std::optional<Time> ended;

  bool has_ended() const { return ended.has_value(); }
  CreateTrainingJobInput request() const;
};

std::optional<TrainingJob> find_training_job(Txn& txn, std::string_view name);
/// ValidationException "Requested resource not found." when there is none.
TrainingJob get_training_job(Call& call, std::string_view name);
/// The row with everything in it, to be inserted or updated.
Resource to_resource(const TrainingJob& job);

/// Where the job's artifacts go: <S3OutputPath>/<job>/output/<file>, without a doubled slash.
std::string artifact_uri(const CreateTrainingJobInput& request, std::string_view file);

/// Seconds from `started` to `ended`; AWS's default of one day when the request names no limit.
int32_t max_runtime_seconds(const CreateTrainingJobInput& request);

DescribeTrainingJobOutput describe(Txn& txn, const Site& site, const TrainingJob& job);

}  // namespace trainyard::sagemaker
