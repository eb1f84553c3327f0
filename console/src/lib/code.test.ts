import { describe, expect, test } from "vitest";
import { cliCall, cppCall, pythonCall, pythonLiteral, shellQuoted, spelled } from "./code";

describe("spelled", () => {
  test.each([
    ["CreateTrainingJob", "create-training-job"], ["ListTagsForResource", "list-tags-for-resource"], ["PutObject", "put-object"],
    ["CreatePresignedNotebookInstanceUrl", "create-presigned-notebook-instance-url"], ["UpdateMFADevice", "update-mfa-device"],
  ])("%s is %s", (name, text) => expect(spelled(name, "-")).toBe(text));
});

describe("shellQuoted", () => {
  test.each([["a-b.c", "a-b.c"], ["it's", "'it'\\''s'"], ["$HOME `x`", "'$HOME `x`'"], ["", "''"]])("%j is %s", (text, word) =>
    expect(shellQuoted(text)).toBe(word));
});

test("values as Python has them", () => {
  expect(pythonLiteral({ a: [true, null, 1.5, "x\n"], b: {}, c: [] })).toBe(
    '{\n    "a": [\n        True,\n        None,\n        1.5,\n        "x\\n",\n    ],\n    "b": {},\n    "c": [],\n}');
});

test("calls", () => {
  const input = { TrainingJobName: "j", HyperParameters: { a: "it's" } };
  expect(cliCall("sagemaker", "CreateTrainingJob", input)).toContain("aws sagemaker create-training-job --cli-input-json '{");
  expect(cliCall("sagemaker", "CreateTrainingJob", input)).toContain("it'\\''s");
  expect(pythonCall("sagemaker", "CreateTrainingJob", input)).toContain('sagemaker.create_training_job(\n    TrainingJobName="j",\n');
  expect(cppCall("sagemaker", "CreateTrainingJob", "CreateTrainingJobInput", { a: ")json" })).toContain('R"json_({');
});
