/** What pages know of training jobs. Pure. */
import type { CreateTrainingJobRequest, DescribeTrainingJobResponse } from "@types-of/sagemaker";

export const JOB_LOGS = "/aws/sagemaker/TrainingJobs"; // log group, and namespace of metrics

export const isRunning = (job: { TrainingJobStatus: string }) => ["InProgress", "Stopping"].includes(job.TrainingJobStatus);

/** "algo-2" of a job's stream "job/algo-2-1700000000". */
export function hostOf(stream: string): string {
  return /\/(.+)-\d+$/.exec(stream)?.[1] ?? stream.slice(stream.indexOf("/") + 1);
}

/** What a description repeats of the request that made the job. */
const OF_REQUEST = [
  "TrainingJobName", "HyperParameters", "AlgorithmSpecification", "RoleArn", "InputDataConfig", "OutputDataConfig", "ResourceConfig", "VpcConfig",
  "StoppingCondition", "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining", "CheckpointConfig",
  "DebugHookConfig", "DebugRuleConfigurations", "TensorBoardOutputConfig", "ExperimentConfig", "ProfilerConfig", "ProfilerRuleConfigurations",
  "Environment", "RetryStrategy", "RemoteDebugConfig", "InfraCheckConfig", "MlflowConfig", "ModelPackageConfig",
] as const satisfies readonly (keyof CreateTrainingJobRequest & keyof DescribeTrainingJobResponse)[];

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || value === false ||
  (typeof value === "object" && Object.values(value).every((one) => one === undefined || one === ""));

/** Without members that say nothing: AWS describes an absent key as "". */
function pruned<T>(value: T): T {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== "" && one !== undefined)) as T;
}

/** The request that would make the same job again. */
export function requestOf(job: DescribeTrainingJobResponse): CreateTrainingJobRequest {
  const pairs = OF_REQUEST.filter((name) => !isEmpty(job[name])).map((name) => [name, pruned(job[name])]);
  return Object.fromEntries(pairs) as unknown as CreateTrainingJobRequest;
}

/** The next free-looking name: "job" → "job-2", "job-2" → "job-3"; at most 63 characters, as names of jobs are. */
export function nextName(name: string): string {
  const match = /^(.*)-(\d{1,4})$/.exec(name);
  const [stem, count] = match ? [match[1]!, String(Number(match[2]) + 1).padStart(match[2]!.length, "0")] : [name, "2"];
  const tail = `-${count}`;
  return stem.slice(0, 63 - tail.length).replace(/-+$/, "") + tail;
}

/** Hyperparameters that the SDK puts there for itself begin so. */
export const isSdkParameter = (name: string) => name.startsWith("sagemaker_");

/** "loss" of "test:loss": metrics of one suffix share a plot. */
export function familyOf(metric: string): string {
  return metric.slice(Math.max(metric.lastIndexOf(":"), metric.lastIndexOf("/")) + 1).trim().split(/[ _]/).at(-1)!.toLowerCase() || metric;
}

export function byFamily<T>(items: readonly T[], name: (item: T) => string): Map<string, T[]> {
  const families = new Map<string, T[]>();
  for (const item of items) {
    const family = familyOf(name(item));
    families.set(family, [...(families.get(family) ?? []), item]);
  }
  return families;
}
