// Plans: what the agents of an attempt are to do, as JSON. The agent reads them (agent/plan).
#pragma once

#include "generated/sagemaker/types.hpp"
#include "services/sagemaker/attempt_rows.hpp"

namespace trainyard::sagemaker {

inline constexpr int kPlanVersion = 1;
/// A container that serves must answer /ping within this time (SageMaker Developer Guide, "Custom
/// Inference Code with Hosting Services") unless its variant says otherwise.
inline constexpr int32_t kPingTimeoutSeconds = 240;

/// The one host of an endpoint's instance, or of a notebook instance.
inline constexpr const char* kServingHost = "algo-1";
/// Deadlines of the service's own come so much later than those that agents keep.
inline constexpr std::chrono::seconds kStartupSlack{60};
/// After so long in service an instance's end is a new misfortune, not the last one's repeat: a
/// Jupyter was shut down from its menu, say.
inline constexpr std::chrono::seconds kSteadyAfter{60};
/// A notebook instance's Jupyter must answer within this time.
inline constexpr int32_t kNotebookStartSeconds = 300;

struct Notebook;

/// algo-1 … algo-N.
std::vector<std::string> training_hosts(const CreateTrainingJobInput& request);

/// The request must have passed check_training_job.
json::object training_plan(const Site& site, const CreateTrainingJobInput& request,
                           const Attempt& attempt);

/// Of one instance of an endpoint.
json::object serving_plan(const Site& site, const ProductionVariant& variant,
                          const CreateModelInput& model, const Attempt& attempt);

/// Of a notebook instance.
json::object notebook_plan(const Site& site, const Notebook& notebook, const Attempt& attempt);
/// What the Jupyter of an attempt asks of those who come. Who may come in, the door in front of it
/// decides.
std::string jupyter_token_of(const Attempt& attempt);

/// Where the attempt's instances log: a group that all of its kind (or of its endpoint) have, and a
/// stream of each instance's own (SageMaker Developer Guide, "CloudWatch Logs for Amazon SageMaker
/// AI": <job>/algo-<n>-<seconds>, <variant>/<instance id>, <notebook instance>/jupyter.log).
std::string log_group_of(const Attempt& attempt);
std::string log_stream_of(const Attempt& attempt, const std::string& host);

/// The model's only container, whether it came as PrimaryContainer or in Containers.
const ContainerDefinition& container_of(const CreateModelInput& model);
/// Where its model is: an archive, or a prefix with a slash at its end; "" when it has none.
std::string model_data_url(const ContainerDefinition& container);

}  // namespace trainyard::sagemaker
