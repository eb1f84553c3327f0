import { expect, test } from "vitest";
import { cppStart } from "./cpp_start";

test("names the machine and its input", () => {
  const text = cppStart("arn:aws:states:us-east-1:000000000000:stateMachine:flow", '{"a":1}');
  expect(text).toContain('session, "arn:aws:states:us-east-1:000000000000:stateMachine:flow");');
  expect(text).toContain('execute_text("", R"({"a":1})")');
});
