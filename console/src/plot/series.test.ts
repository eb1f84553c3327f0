import { describe, expect, test } from "vitest";
import { aligned, counted, figure, summary, valueAt } from "./series";

test("series are put on one axis", () => {
  const { xs, columns } = aligned([
    { name: "a", points: [{ x: 1, y: 10 }, { x: 3, y: NaN }] },
    { name: "b", points: [{ x: 2, y: 20 }, { x: 3, y: 30 }] },
  ]);
  expect(xs).toEqual([1, 2, 3]);
  expect(columns).toEqual([[10, null, null], [null, 20, 30]]);
  expect(aligned([])).toEqual({ xs: [], columns: [] });
});

test("summary leaves out what is no number", () => {
  expect(summary([{ x: 0, y: 3 }, { x: 1, y: 1 }, { x: 2, y: 2 }])).toEqual({ last: 2, least: 1, most: 3, count: 3 });
  expect(summary([{ x: 0, y: Infinity }])).toBeUndefined();
  expect(summary([])).toBeUndefined();
});

describe("figure", () => {
  test.each([
    [0, "0"], [0.123456, "0.1235"], [12_800, "12,800"], [99.5, "99.5"], [-0.5, "-0.5"], [1.234e-7, "1.23e-7"], [3e12, "3.00e12"],
  ])("%d is %s", (value, text) => expect(figure(value)).toBe(text));
});

test("the value under the cursor is the last one that there was", () => {
  expect(valueAt([1, null, null], 2)).toBe(1);
  expect(valueAt([null, 5], 0)).toBeUndefined();
  expect(valueAt([1, 2], 9)).toBe(2);
});

describe("counts", () => {
  const at = (points: readonly [number, number][]) => points.map(([x, y]) => ({ x, y }));
  test.each<[string, [number, number][], number, [number, number][]]>([
    ["none", [], 100, []],
    ["zero where nothing was", [[10, 2], [40, 1]], 45, [[10, 2], [20, 0], [30, 0], [40, 1]]],
    ["zero since", [[10, 2]], 49, [[10, 2], [20, 0]]],
    ["zero since, but for what is not over", [[10, 2]], 50, [[10, 2], [20, 0], [30, 0]]],
  ])("%s", (_, points, until, all) => expect(counted(at(points), 10, until)).toEqual(at(all)));
});
