import { expect, test } from "vitest";
import { placed } from "./check";

test("diagnostics stand where they speak of", () => {
  const text = '{"StartAt": "P", "States": {"P": {"Type": "Pass", "Next": "X"}}}';
  const [one, two] = placed(text, {
    result: "FAIL",
    diagnostics: [
      { severity: "ERROR", code: "MISSING_TRANSITION_TARGET", message: "Missing 'Next' target: X", location: "/States/P/Next" },
      { severity: "WARNING", code: "ODD", message: "Odd" },
    ],
  });
  expect(text.slice(one!.from, one!.to)).toBe('"Next": "X"');
  expect(one!.severity).toBe("error");
  expect([two!.from, two!.to, two!.severity]).toEqual([0, 1, "warning"]);
});
