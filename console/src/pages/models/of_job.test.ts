import { expect, test } from "vitest";
import { modelOf } from "./of_job";

test("the model of a job that the SDK started", () => {
  expect(modelOf({
    TrainingJobName: "j", TrainingJobArn: "arn", ModelArtifacts: { S3ModelArtifacts: "s3://b/m.tar.gz" }, TrainingJobStatus: "Completed",
    SecondaryStatus: "Completed", StoppingCondition: {}, CreationTime: 1, RoleArn: "role",
    AlgorithmSpecification: { TrainingImage: "r/pytorch-training:1.2.0-cpu-py3", TrainingInputMode: "File" },
    HyperParameters: { epochs: "2", sagemaker_program: '"mnist.py"', sagemaker_submit_directory: '"s3://b/s.tar.gz"' },
  })).toEqual({
    name: "j", image: "r/pytorch-inference:1.2.0-cpu-py3", data: "s3://b/m.tar.gz", role: "role",
    variables: [["SAGEMAKER_PROGRAM", "mnist.py"], ["SAGEMAKER_SUBMIT_DIRECTORY", "s3://b/s.tar.gz"]],
  });
});
