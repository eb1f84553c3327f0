import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { commandLine, cppQuoted, cpp, python, pythonQuoted, shellQuoted } from "./snippets";

const ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:flow";
const TEXTS = ["{}", '{"a": "it\'s $HOME `x` \\\\ \\n"}', 'line\nnext\ttab', 'ends)"', '")"', ")x\" )\"", "é 字 😀", "\u0001\u007f"];

describe("texts survive being quoted", () => {
  test.each(TEXTS)("for a shell: %j", (text) => {
    const ran = spawnSync("sh", ["-c", `printf %s ${shellQuoted(text)}`], { encoding: "utf8" });
    expect(ran.stdout).toBe(text);
  });
  test.each(TEXTS)("for Python: %j", (text) => {
    const ran = spawnSync("python3", ["-c", `import sys; sys.stdout.buffer.write(${pythonQuoted(text)}.encode())`], { encoding: "utf8" });
    expect(ran.stdout).toBe(text);
  });
  test("for C++", () => {
    expect(cppQuoted("plain")).toBe('"plain"');
    expect(cppQuoted('{"a":1}')).toBe('R"({"a":1})"');
    expect(cppQuoted('ends)"')).toBe('R"x(ends)")x"');
    expect(cppQuoted('a\u0001"')).toBe('"a\\001\\""');
  });
});

describe("whole lines", () => {
  test("each names the machine and its input", () => {
    expect(commandLine(ARN, '{"a":1}')).toBe(`aws stepfunctions start-execution --state-machine-arn ${ARN} --input '{"a":1}'`);
    expect(python(ARN, '{"a":1}')).toContain(`stateMachineArn="${ARN}"`);
    expect(cpp(ARN, '{"a":1}')).toContain('execute_text("", R"({"a":1})")');
  });
});
