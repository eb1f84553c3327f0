/** The form over CreateTrainingJob: from a request and to one. Pure. */
import type { Channel, CreateTrainingJobRequest, S3DataDistribution, TrainingInputMode } from "@types-of/sagemaker";
import { filled, type Pairs } from "../../lib/pairs";

export interface ChannelRow { name: string; uri: string; distribution: S3DataDistribution }

export interface JobForm {
  name: string;
  image: string;
  inputMode: TrainingInputMode;
  role: string;
  instanceType: string;
  instanceCount: string;
  volume: string;
  maxRuntime: string;
  output: string;
  isolated: boolean;
  parameters: Pairs;
  channels: readonly ChannelRow[];
  metrics: Pairs;
  variables: Pairs;
  tags: Pairs;
  /** What the cloned request has that the form does not show: it goes along as it is. */
  rest: Partial<CreateTrainingJobRequest>;
  /** Channels of the cloned request, for what their rows do not show. */
  original: readonly Channel[];
}

export const EMPTY_FORM: JobForm = {
  name: "", image: "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:1.2.0-cpu-py3", inputMode: "File", role: "",
  instanceType: "ml.c4.xlarge", instanceCount: "1", volume: "30", maxRuntime: "86400", output: "", isolated: false,
  parameters: [["", ""]], channels: [{ name: "training", uri: "", distribution: "FullyReplicated" }], metrics: [], variables: [], tags: [],
  rest: {}, original: [],
};

const SHOWN = [
  "TrainingJobName", "HyperParameters", "RoleArn", "InputDataConfig", "OutputDataConfig", "ResourceConfig", "StoppingCondition",
  "AlgorithmSpecification", "Environment", "Tags", "EnableNetworkIsolation",
] as const;

export function formOf(request: CreateTrainingJobRequest, name: string): JobForm {
  const { AlgorithmSpecification: algorithm, ResourceConfig: resources } = request;
  const rest: Partial<CreateTrainingJobRequest> = { ...request };
  for (const shown of SHOWN) if (!["OutputDataConfig", "ResourceConfig", "StoppingCondition", "AlgorithmSpecification"].includes(shown)) delete rest[shown];
  return {
    name, image: algorithm?.TrainingImage ?? "", inputMode: algorithm?.TrainingInputMode ?? "File", role: request.RoleArn,
    instanceType: resources?.InstanceType ?? "", instanceCount: String(resources?.InstanceCount ?? 1), volume: String(resources?.VolumeSizeInGB ?? ""),
    maxRuntime: String(request.StoppingCondition?.MaxRuntimeInSeconds ?? ""), output: request.OutputDataConfig.S3OutputPath,
    isolated: request.EnableNetworkIsolation ?? false,
    parameters: Object.entries(request.HyperParameters ?? {}),
    channels: (request.InputDataConfig ?? []).filter((one) => one.DataSource.S3DataSource).map((channel) => ({
      name: channel.ChannelName, uri: channel.DataSource.S3DataSource!.S3Uri,
      distribution: channel.DataSource.S3DataSource!.S3DataDistributionType ?? "FullyReplicated",
    })),
    metrics: (algorithm?.MetricDefinitions ?? []).map((one) => [one.Name, one.Regex]),
    variables: Object.entries(request.Environment ?? {}),
    tags: (request.Tags ?? []).map((tag) => [tag.Key, tag.Value]),
    rest, original: request.InputDataConfig ?? [],
  };
}

const record = (pairs: Pairs) => Object.fromEntries(filled(pairs));
/** A number as the service takes it; what is none is left to the service's own words by leaving it out. */
const number = (text: string) => (/^\s*\d+\s*$/.test(text) ? Number(text) : undefined);

function channelOf(row: ChannelRow, original: readonly Channel[]): Channel {
  const before = original.find((one) => one.ChannelName === row.name && one.DataSource.S3DataSource);
  return {
    ...before, ChannelName: row.name,
    DataSource: { S3DataSource: { S3DataType: "S3Prefix", ...before?.DataSource.S3DataSource, S3Uri: row.uri, S3DataDistributionType: row.distribution } },
  };
}

export function requestOfForm(form: JobForm): CreateTrainingJobRequest {
  const channels = [
    ...form.channels.filter((row) => row.name !== "" || row.uri !== "").map((row) => channelOf(row, form.original)),
    ...form.original.filter((one) => !one.DataSource.S3DataSource),
  ];
  const metrics = filled(form.metrics);
  const tags = filled(form.tags);
  return {
    ...form.rest,
    TrainingJobName: form.name, RoleArn: form.role,
    AlgorithmSpecification: {
      ...form.rest.AlgorithmSpecification, TrainingInputMode: form.inputMode,
      ...(form.image === "" ? {} : { TrainingImage: form.image }),
      MetricDefinitions: metrics.length > 0 ? metrics.map(([Name, Regex]) => ({ Name, Regex })) : undefined,
    },
    OutputDataConfig: { ...form.rest.OutputDataConfig, S3OutputPath: form.output },
    ResourceConfig: {
      ...form.rest.ResourceConfig, InstanceType: form.instanceType as never, InstanceCount: number(form.instanceCount), VolumeSizeInGB: number(form.volume),
    },
    StoppingCondition: { ...form.rest.StoppingCondition, MaxRuntimeInSeconds: number(form.maxRuntime) },
    ...(channels.length > 0 ? { InputDataConfig: channels } : {}),
    ...(filled(form.parameters).length > 0 ? { HyperParameters: record(form.parameters) } : {}),
    ...(filled(form.variables).length > 0 ? { Environment: record(form.variables) } : {}),
    ...(tags.length > 0 ? { Tags: tags.map(([Key, Value]) => ({ Key, Value })) } : {}),
    ...(form.isolated ? { EnableNetworkIsolation: true } : {}),
  };
}
