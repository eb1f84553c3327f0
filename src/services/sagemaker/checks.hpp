// What a request must satisfy beyond its model's constraints. A member that asks for something that
// is not done here is refused: a job that silently lacks what was asked for serves nobody.
#pragma once

#include "generated/sagemaker/types.hpp"
#include "runtimes/table.hpp"

namespace trainyard::sagemaker {

/// Of a notebook instance's volume, unless its request says otherwise, and at most
/// (CreateNotebookInstance).
inline constexpr int32_t kNotebookVolumeGibibytes = 5;
inline constexpr int32_t kNotebookVolumeMaxGibibytes = 16'384;

/// Instances of one training job or one variant.
inline constexpr int32_t kInstancesMax = 20;

/// ValidationException or ResourceLimitExceeded with one line that names the member.
/// `runtimes`: only an image that really runs has an entry point to be replaced.
void check_training_job(const CreateTrainingJobInput& input, const runtimes::Table& runtimes);
void check_model(const CreateModelInput& input);
void check_endpoint_config(const CreateEndpointConfigInput& input);
void check_notebook(const CreateNotebookInstanceInput& input);
/// `settings`: those that it is to change; a volume never shrinks.
void check_notebook_update(const UpdateNotebookInstanceInput& input,
                           const CreateNotebookInstanceInput& settings);

}  // namespace trainyard::sagemaker
