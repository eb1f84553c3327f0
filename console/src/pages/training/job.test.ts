import { describe, expect, test } from "vitest";
import type { DescribeTrainingJobResponse } from "@types-of/sagemaker";
import { byFamily, familyOf, hostOf, nextName, requestOf } from "./job";

const JOB: DescribeTrainingJobResponse = {
  TrainingJobName: "a", TrainingJobArn: "arn", ModelArtifacts: { S3ModelArtifacts: "s3://b/m" }, TrainingJobStatus: "Completed",
  SecondaryStatus: "Completed", StoppingCondition: { MaxRuntimeInSeconds: 60 }, CreationTime: 1, RoleArn: "role",
  OutputDataConfig: { KmsKeyId: "", S3OutputPath: "s3://b/o" }, EnableNetworkIsolation: false, EnableManagedSpotTraining: true,
  HyperParameters: {}, Environment: { A: "" , B: "1" },
};

test("a request is what the description repeats of it, without what says nothing", () => {
  expect(requestOf(JOB)).toEqual({
    TrainingJobName: "a", RoleArn: "role", OutputDataConfig: { S3OutputPath: "s3://b/o" }, StoppingCondition: { MaxRuntimeInSeconds: 60 },
    EnableManagedSpotTraining: true, Environment: { B: "1" },
  });
});

describe("nextName", () => {
  test.each([["job", "job-2"], ["job-9", "job-10"], ["lr-05", "lr-06"], ["j".repeat(63), `${"j".repeat(61)}-2`], ["run-2026-11-29", "run-2026-11-30"]])(
    "%s → %s", (name, next) => expect(nextName(name)).toBe(next));
});

test("hosts", () => {
  expect(hostOf("my-job/algo-2-1700000000")).toBe("algo-2");
  expect(hostOf("my-job/other")).toBe("other");
});

test("families of metrics", () => {
  expect(["train:loss", "test:loss", "validation accuracy", "val_loss", "f1"].map(familyOf)).toEqual(["loss", "loss", "accuracy", "loss", "f1"]);
  expect([...byFamily(["a:x", "y", "b:x"], (name) => name).entries()]).toEqual([["x", ["a:x", "b:x"]], ["y", ["y"]]]);
});
