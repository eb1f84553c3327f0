import { expect, test } from "vitest";
import type { CreateTrainingJobRequest } from "@types-of/sagemaker";
import { EMPTY_FORM, formOf, requestOfForm } from "./job_form";

const REQUEST: CreateTrainingJobRequest = {
  TrainingJobName: "a", RoleArn: "arn:role", HyperParameters: { epochs: "2" },
  AlgorithmSpecification: { TrainingImage: "image", TrainingInputMode: "File", MetricDefinitions: [{ Name: "loss", Regex: "L ([0-9.]+)" }], ContainerArguments: ["x"] },
  InputDataConfig: [
    { ChannelName: "training", ContentType: "text/csv", DataSource: { S3DataSource: { S3DataType: "ManifestFile", S3Uri: "s3://b/k", S3DataDistributionType: "ShardedByS3Key" } } },
  ],
  OutputDataConfig: { S3OutputPath: "s3://b/o", KmsKeyId: "key" },
  ResourceConfig: { InstanceType: "ml.c4.xlarge", InstanceCount: 2, VolumeSizeInGB: 30, KeepAlivePeriodInSeconds: 60 },
  StoppingCondition: { MaxRuntimeInSeconds: 60, MaxWaitTimeInSeconds: 90 }, EnableManagedSpotTraining: true,
  Environment: { A: "1" }, Tags: [{ Key: "t", Value: "v" }], EnableNetworkIsolation: true,
};

test("a clone is the request again, also what the form does not show", () => {
  expect(requestOfForm(formOf(REQUEST, "b"))).toEqual({ ...REQUEST, TrainingJobName: "b" });
});

test("what was emptied is left out, also of what the clone had", () => {
  const form = { ...formOf(REQUEST, "b"), parameters: [], channels: [], metrics: [], variables: [["", ""] as const], tags: [], isolated: false };
  const request = requestOfForm(form);
  for (const name of ["HyperParameters", "InputDataConfig", "Environment", "Tags", "EnableNetworkIsolation"] as const) {
    expect(request[name]).toBeUndefined();
  }
  expect(request.AlgorithmSpecification?.MetricDefinitions).toBeUndefined();
});

test("numbers that are none are left to the service to ask for", () => {
  const request = requestOfForm({ ...EMPTY_FORM, instanceCount: "two", volume: "" });
  expect(request.ResourceConfig?.InstanceCount).toBeUndefined();
  expect(request.ResourceConfig?.VolumeSizeInGB).toBeUndefined();
});
