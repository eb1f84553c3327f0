// The life of a training job: Starting → Downloading → Training → Uploading → Completed, Failed or
// Stopped, told by its instances' agents. A job is in a phase once all of its hosts have reached
// it, and never goes back.
#pragma once

#include "services/sagemaker/attempt_rows.hpp"
#include "services/sagemaker/training_job.hpp"

namespace trainyard::sagemaker {

/// Stores a checked job, submits its first attempt and tells the event bus.
void start_training_job(Call& call, const CreateTrainingJobInput& input);

/// Tells the instances to stop (StopTrainingJob, MaxRuntimeInSeconds, the daemon's end). Nothing
/// happens when they were told before.
void stop_training_job(Call& call, TrainingJob& job, StopCause cause);

/// An agent reached a phase at `at`.
void training_phase(Call& call, const Attempt& attempt, std::string_view host,
                    std::string_view phase, Time at);
/// An instance has ended or was lost; `instance` says how. The first that failed decides.
void training_ended(Call& call, Attempt& attempt, const Instance& instance);

/// Keeps the last value of each metric that the request defines; returns the values of those.
json::array training_metrics(Call& call, const Attempt& attempt, const json::array& metrics);

}  // namespace trainyard::sagemaker
