import { expect, test } from "vitest";
import { stopOf } from "./table_focus";

test.each([
  [["a", "b"], undefined, undefined, "a"], [["a", "b"], undefined, "b", "b"], [["a", "b"], "a", "b", "a"],
  [["a", "b"], "gone", "b", "b"], [["a", "b"], "gone", "gone", "a"], [[], "a", "b", undefined], [[0, 1], 0, 1, 0],
] as const)("of %j, after %j, with %j chosen", (shown, last, chosen, stop) => {
  expect(stopOf(shown, last, chosen)).toBe(stop);
});
