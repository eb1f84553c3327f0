import { expect, test } from "vitest";
import { jsonProblem } from "./json_problem";

test.each([
  ['{"a": [1, -2.5e3, true, null, "x"]}', null, ""], ['{"a": 1,}', 8, "Expected a name in quotes."], ['{"a" 1}', 5, "Expected :."], ['{\n  "a": x\n}', 9, "double quotes"],
  ['{"a": 1', 6, "ends too early"], ["", 0, "nothing here"], ['{"a": "b', 6, "has no end"], ['{"a": "\\q"}', 6, "does not allow"],
  ["[1, 2]]", 6, "nothing more"], ["[1 2]", 3, "Expected , or an end"],
  ["{a: 1}", 1, "double quotes"], ["[01]", 1, "a value or ]"], ['{"a": 1]', 7, "Expected , or an end"],
])("%j", (text, at, message) => {
  const problem = jsonProblem(text);
  expect(problem?.from ?? null).toBe(at);
  expect(problem?.message ?? "").toContain(message);
});
