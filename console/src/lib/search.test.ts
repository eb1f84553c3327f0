import { expect, test } from "vitest";
import { firstWhere } from "./search";

test.each([[0, 0], [1, 1], [5, 4], [6, 5], [9, 5]])("not below %d: at %d", (least, index) => {
  const sorted = [0, 1, 2, 3, 5, 8].slice(0, 5);
  expect(firstWhere(sorted.length, (at) => sorted[at]! >= least)).toBe(index);
});
