import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { cliCall, cppCall, cppQuoted, pythonCall, pythonLiteral, pythonQuoted, shellQuoted, spelled } from "./code";

describe("spelled", () => {
  test.each([
    ["CreateTrainingJob", "create-training-job"], ["ListTagsForResource", "list-tags-for-resource"], ["PutObject", "put-object"],
    ["CreatePresignedNotebookInstanceUrl", "create-presigned-notebook-instance-url"], ["UpdateMFADevice", "update-mfa-device"],
    ["stateMachineArn", "state-machine-arn"],
  ])("%s is %s", (name, text) => expect(spelled(name, "-")).toBe(text));
});

describe("shellQuoted", () => {
  test.each([["a-b.c", "a-b.c"], ["it's", "'it'\\''s'"], ["$HOME `x`", "'$HOME `x`'"], ["", "''"]])("%j is %s", (text, word) =>
    expect(shellQuoted(text)).toBe(word));
});

describe("texts survive being quoted", () => {
  const texts = ["{}", '{"a": "it\'s $HOME `x` \\\\ \\n"}', "line\nnext\ttab", 'ends)"', '")"', ')x" )"', "é 字 😀", "\u0001\u007f"];
  /** A machine may be busy: how long a program takes says nothing about it. */
  const timeout = 120_000;

  test("for a shell", { timeout }, () => {
    const ran = spawnSync("sh", ["-c", `printf '%s\\0' ${texts.map(shellQuoted).join(" ")}`], { encoding: "utf8" });
    expect(ran.stdout.split("\0").slice(0, -1)).toEqual(texts);
  });
  test("for Python", { timeout }, () => {
    const ran = spawnSync("python3", ["-c", `import json\nprint(json.dumps([${texts.map(pythonQuoted).join(", ")}]))`], { encoding: "utf8" });
    expect(JSON.parse(ran.stdout)).toEqual(texts);
  });
  test.each([
    ["plain", '"plain"'], ['{"a":1}', 'R"({"a":1})"'], ['ends)"', 'R"x(ends)")x"'], ['a\u0001"', '"a\\001\\""'],
    [`"${Array.from({ length: 18 }, (_, count) => `)${"x".repeat(count)}"`).join("")}`, /^"\\"\)\\"\)x\\"/], // no mark is short enough
  ])("for C++: %j", (text, literal) => expect(cppQuoted(text)).toMatch(typeof literal === "string" ? new RegExp(`^${literal.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`) : literal));
});

test("values as Python has them", () => {
  expect(pythonLiteral({ a: [true, null, 1.5, "x\n"], b: {}, c: [] })).toBe(
    '{\n    "a": [\n        True,\n        None,\n        1.5,\n        "x\\n",\n    ],\n    "b": {},\n    "c": [],\n}');
});

describe("calls", () => {
  const job = { TrainingJobName: "j", HyperParameters: { a: "it's" } };
  const start = { stateMachineArn: "arn:aws:states:us-east-1:000000000000:stateMachine:flow", input: '{"a":1}' };
  test("by the command line", () => {
    expect(cliCall("sagemaker", "CreateTrainingJob", job)).toContain("aws sagemaker create-training-job --cli-input-json '{");
    expect(cliCall("sagemaker", "CreateTrainingJob", job)).toContain("it'\\''s");
    expect(cliCall("stepfunctions", "StartExecution", start)).toBe(
      `aws stepfunctions start-execution --state-machine-arn ${start.stateMachineArn} --input '{"a":1}'`);
  });
  test("by Python", () => {
    expect(pythonCall("sagemaker", "CreateTrainingJob", job, "TrainingJobArn")).toContain('sagemaker.create_training_job(\n    TrainingJobName="j",\n');
    const text = pythonCall("stepfunctions", "StartExecution", start, "executionArn");
    expect(text).toContain('    input="{\\"a\\":1}",\n)\nprint(answer["executionArn"])');
  });
  test("by C++", () => {
    expect(cppCall("sagemaker", "CreateTrainingJob", "CreateTrainingJobInput", { a: ")" })).toContain('parse_json(R"x({');
  });
});
