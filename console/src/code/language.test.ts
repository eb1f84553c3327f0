import { describe, expect, test } from "vitest";
import { proposalsAt } from "./language";
import { repositoryText } from "../testing";
import { RESOURCES, SDK_OPERATIONS } from "./operations";

function proposed(text: string, activities: string[] = []): string[] {
  const at = text.indexOf("|");
  return proposalsAt(text.slice(0, at) + text.slice(at + 1), at, activities)?.options.map((one) => one.label) ?? [];
}

const machine = (inside: string) => `{"StartAt": "A", "States": {"A": {${inside}}, "B": {"Type": "Succeed"}}}`;

describe("fields", () => {
  test.each([
    ["the machine", '{"|', ["StartAt", "States", "TimeoutSeconds"], ["Type"]],
    ["those that are there are left out", '{"StartAt": "A", "|', ["States"], ["StartAt"]],
    ["a Wait", machine('"Type": "Wait", "|'), ["Seconds", "Timestamp", "Next"], ["Resource", "Type"]],
    ["a Task", machine('"Type": "Task", "|'), ["Resource", "Retry", "TimeoutSeconds"], ["Seconds"]],
    ["a state without a type", machine('"|'), ["Type", "Next"], ["Resource"]],
    ["a retrier", machine('"Type": "Task", "Retry": [{"|}]'), ["MaxAttempts", "JitterStrategy"], ["Next"]],
    ["a catcher", machine('"Type": "Task", "Catch": [{"|}]'), ["ErrorEquals", "Next"], ["MaxAttempts"]],
    ["a rule", machine('"Type": "Choice", "Choices": [{"|}]'), ["Variable", "NumericGreaterThanPath", "And"], ["Type"]],
    ["a rule within a rule", machine('"Type": "Choice", "Choices": [{"And": [{"|}]}]'), ["Variable"], ["Type"]],
    ["a branch", machine('"Type": "Parallel", "Branches": [{"|}]'), ["StartAt", "States"], ["Type"]],
    ["a processor", machine('"Type": "Map", "ItemProcessor": {"|}'), ["StartAt", "ProcessorConfig"], ["Type"]],
  ])("%s", (_, text, there, missing) => {
    const found = proposed(text);
    expect(found).toEqual(expect.arrayContaining(there));
    for (const name of missing) expect(found).not.toContain(name);
  });
  test("what is inside of Parameters is the author's own", () => {
    expect(proposed(machine('"Type": "Task", "Parameters": {"|}'))).toEqual([]);
    expect(proposed(machine('"Type": "Task", "Parameters": {"Next": "|"}'))).toEqual([]);
  });
});

describe("values", () => {
  test.each([
    ["types", machine('"Type": "|"'), ["Pass", "Task", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"]],
    ["where it begins", '{"StartAt": "|", "States": {"A": {}, "B": {}}}', ["A", "B"]],
    ["where it goes on: not to itself", machine('"Type": "Pass", "Next": "|"'), ["B"]],
    ["of a catcher", machine('"Type": "Task", "Catch": [{"Next": "|"}]'), ["B"]],
    ["within a branch", machine('"Type": "Parallel", "Branches": [{"StartAt": "C", "States": {"C": {"Next": "|"}, "D": {}}}]'), ["D"]],
    ["of jitter", machine('"Type": "Task", "Retry": [{"JitterStrategy": "|"}]'), ["FULL", "NONE"]],
    ["of End", machine('"Type": "Pass", "End": |'), ["true"]],
    ["of a comment", machine('"Comment": "|"'), []],
  ])("%s", (_, text, expected) => {
    expect(proposed(text)).toEqual(expected);
  });
  test("names of errors", () => {
    expect(proposed(machine('"Type": "Task", "Retry": [{"ErrorEquals": ["|"]}]'))).toContain("States.TaskFailed");
  });
  test("resources and activities", () => {
    const found = proposed(machine('"Type": "Task", "Resource": "|"'), ["arn:aws:states:us-east-1:0:activity:work"]);
    expect(found).toEqual(expect.arrayContaining([
      "arn:aws:states:::sagemaker:createTrainingJob.sync", "arn:aws:states:::aws-sdk:s3:getObject", "arn:aws:states:us-east-1:0:activity:work"
      ]));
  });
});

test("what is put in", () => {
  expect(proposalsAt('{"Sta', 5)?.options[0]).toEqual({ label: "StartAt", insert: '"StartAt": ""' });
  expect(proposalsAt('{"Sta": 1}', 5)?.options[0]).toEqual({ label: "StartAt", insert: '"StartAt"' });
});

test("the operations are those that the daemon has", () => {
  const files: Record<string, string> = { cloudwatch: "monitoring", cloudwatchlogs: "logs", eventbridge: "events", sagemakerruntime: "runtime", sfn: "states" };
  for (const [service, names] of Object.entries(SDK_OPERATIONS)) {
    const listed = repositoryText(`api/${files[service] ?? service}.ops`);
    const there = listed.split("\n").map((line) => line.split(" ")[0]!).filter((name) => /^[A-Z]/.test(name));
    expect([service, ...names.split(" ").sort()]).toEqual([service, ...there.sort()]);
  }
  expect(new Set(RESOURCES.map((one) => one.arn)).size).toBe(RESOURCES.length);
});
