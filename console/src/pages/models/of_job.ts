/** The model that a training job's artifact makes, as SageMaker's SDK would make it. Pure. */
import type { DescribeTrainingJobResponse } from "@types-of/sagemaker";
import type { Pairs } from "../../lib/pairs";

export interface ModelForm { name: string; image: string; data: string; role: string; variables: Pairs }

export const EMPTY_MODEL: ModelForm = { name: "", image: "", data: "", role: "", variables: [["", ""]] };

/** The SDK passes hyperparameters as JSON: the program's name comes in quotes. */
function plain(value: string | undefined): string {
  if (value === undefined) return "";
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === "string" ? parsed : value;
  } catch {
    return value;
  }
}

export function modelOf(job: DescribeTrainingJobResponse): ModelForm {
  const parameters = job.HyperParameters ?? {};
  const variables = ([
    ["SAGEMAKER_PROGRAM", plain(parameters.sagemaker_program)],
    ["SAGEMAKER_SUBMIT_DIRECTORY", plain(parameters.sagemaker_submit_directory)],
    ["SAGEMAKER_CONTAINER_LOG_LEVEL", plain(parameters.sagemaker_container_log_level)],
    ["SAGEMAKER_REGION", plain(parameters.sagemaker_region)],
  ] as const).filter(([, value]) => value !== "");
  return {
    name: job.TrainingJobName, image: (job.AlgorithmSpecification?.TrainingImage ?? "").replace(/-training([:@])/, "-inference$1"),
    data: job.ModelArtifacts.S3ModelArtifacts, role: job.RoleArn ?? "", variables,
  };
}
