import { describe, expect, test } from "vitest";
import { linksOf } from "./linked";

const call = (service: string, resource: string, parameters: unknown, answers: { submitted?: unknown; output?: unknown } = {}) => ({
  service, resource, parameters: JSON.stringify(parameters),
  ...(answers.submitted === undefined ? {} : { submitted: JSON.stringify(answers.submitted) }),
  ...(answers.output === undefined ? {} : { output: JSON.stringify(answers.output) }),
});
const EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:inner:run";

describe("what a task leads to", () => {
  test.each([
    ["a job", call("sagemaker", "createTrainingJob.sync", { TrainingJobName: "job-1" }), ["Training job job-1 #/jobs/job-1"]],
    ["a model", call("sagemaker", "createModel", { ModelName: "m" }), ["Model m #/models/m"]],
    ["an endpoint", call("sagemaker", "createEndpoint", { EndpointName: "e", EndpointConfigName: "c" }), ["Endpoint e #/endpoints/e"]],
    ["no model of a configuration", call("sagemaker", "createEndpointConfig", { EndpointConfigName: "c" }), []],
    ["an execution that was begun",
      call("states", "startExecution.sync:2", { StateMachineArn: "m" }, { submitted: { ExecutionArn: EXECUTION } }), [`Execution run #/executions/details/${EXECUTION}`]
      ],
    ["an object", call("aws-sdk:s3", "getObject", { Bucket: "b", Key: "a/c d" }), ["Object b/a/c d #/buckets/b/a/c%20d"]],
    ["a bucket", call("aws-sdk:s3", "listObjectsV2", { Bucket: "b" }), ["Bucket b #/buckets/b"]],
    ["an activity", { service: "activity", resource: "arn:aws:states:us-east-1:0:activity:work", parameters: "{}" }, ["Activity work #/activities"]],
    ["text that was cut short", { service: "sagemaker", resource: "createModel", parameters: '{"ModelName":"m' }, []],
  ])("%s", (_, one, expected) => {
    expect(linksOf(one).map((link) => `${link.kind} ${link.name} ${link.href}`)).toEqual(expected);
  });
});
