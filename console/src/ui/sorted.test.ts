import { expect, test, vi } from "vitest";
import { sortedBy } from "./sorted";

const by = <T extends string | number>(keys: readonly T[], down = false) => sortedBy(keys, keys, down);

test("numbers, names with numbers in them, and what is equal as it stood", () => {
  expect(by([10, 9, -Infinity, 2.5])).toEqual([-Infinity, 2.5, 9, 10]);
  expect(by(["job-10", "job-9", "Job-1"])).toEqual(["Job-1", "job-9", "job-10"]);
  expect(by(["job-10", "job-9"], true)).toEqual(["job-10", "job-9"]);
  expect(sortedBy(["c", "a", "b"], [1, Infinity, Infinity], true)).toEqual(["a", "b", "c"]);
});

test("no comparison makes a collator", () => {
  const made = vi.spyOn(Intl, "Collator");
  const slow = vi.spyOn(String.prototype, "localeCompare");
  by(Array.from({ length: 100 }, (_, index) => `job-${index}`));
  expect([made, slow].map((one) => one.mock.calls.length)).toEqual([0, 0]);
  vi.restoreAllMocks();
});
