import { expect, test } from "vitest";
import type { DescribeTrainingJobResponse } from "@types-of/sagemaker";
import { chosenNames, rowsOf } from "./compare";

const job = (parameters: Record<string, string>, count = 1): DescribeTrainingJobResponse => ({
  TrainingJobName: "a", TrainingJobArn: "arn", ModelArtifacts: { S3ModelArtifacts: "" }, TrainingJobStatus: "Completed",
  SecondaryStatus: "Completed", StoppingCondition: {}, CreationTime: 1, HyperParameters: parameters,
  ResourceConfig: { InstanceCount: count, InstanceType: "ml.c4.xlarge" },
});

test("what differs comes first; what the SDK keeps for itself is left out", () => {
  const rows = rowsOf([job({ epochs: "2", lr: "0.1", sagemaker_region: "x" }), job({ epochs: "2", lr: "0.5", momentum: "0.9" }, 2)]);
  expect(rows.map(({ name, values, differs }) => [name, values, differs])).toEqual([
    ["lr", ["0.1", "0.5"], true],
    ["momentum", [undefined, "0.9"], true],
    ["Instances", ["1 × ml.c4.xlarge", "2 × ml.c4.xlarge"], true],
    ["epochs", ["2", "2"], false],
  ]);
});

test("each job once", () => expect(chosenNames(["a", "b", "a", "c"], 2)).toEqual(["a", "b"]));
