/** Several jobs side by side. Pure. */
import type { DescribeTrainingJobResponse } from "@types-of/sagemaker";
import { isSdkParameter } from "./job";

export interface Row { name: string; values: (string | undefined)[]; differs: boolean }

const row = (name: string, values: (string | undefined)[]): Row => ({ name, values, differs: new Set(values).size > 1 });

/** Hyperparameters, and the settings that change what a job comes to. Those that differ come first. */
export function rowsOf(jobs: readonly DescribeTrainingJobResponse[]): Row[] {
  const names = [...new Set(jobs.flatMap((job) => Object.keys(job.HyperParameters ?? {})))].filter((name) => !isSdkParameter(name)).sort();
  const rows = [
    ...names.map((name) => row(name, jobs.map((job) => job.HyperParameters?.[name]))),
    row("Image", jobs.map((job) => job.AlgorithmSpecification?.TrainingImage ?? job.AlgorithmSpecification?.AlgorithmName)),
    row("Instances", jobs.map(({ ResourceConfig: one }) => one && `${one.InstanceCount ?? 1} × ${one.InstanceType ?? ""}`)),
    ...[...new Set(jobs.flatMap((job) => (job.InputDataConfig ?? []).map((channel) => channel.ChannelName)))].map((name) =>
      row(`Channel ${name}`, jobs.map((job) => job.InputDataConfig?.find((one) => one.ChannelName === name)?.DataSource.S3DataSource?.S3Uri))),
    row("Program", jobs.map((job) => job.HyperParameters?.sagemaker_program)),
    row("Code", jobs.map((job) => job.HyperParameters?.sagemaker_submit_directory)),
  ].filter(({ values }) => values.some((value) => value !== undefined));
  return rows.sort((a, b) => Number(b.differs) - Number(a.differs));
}

/** More lines than that in one plot nobody tells apart; a job needs two of the reads that a page may watch. */
const COMPARED_MAX = 12;

/** Each once, at most `max`. */
export function chosenNames(names: readonly string[], max = COMPARED_MAX): string[] {
  return [...new Set(names)].slice(0, max);
}
