import { expect, test } from "vitest";
import { eachOf } from "./each_of";

const run = async (all: readonly number[], fails: (one: number) => boolean, leftAt = Infinity) => {
  const control = new AbortController();
  const tried: number[] = [];
  const counts: number[] = [];
  const error = await eachOf(all, (one) => {
    tried.push(one);
    return fails(one) ? Promise.reject(new Error(`not ${one}`)) : Promise.resolve();
  }, (count) => {
    counts.push(count);
    if (count === leftAt) control.abort(new Error("left"));
  }, control.signal).catch((thrown: Error) => thrown.message);
  return { tried, counts, error };
};

test("each is tried, in order, and counted", async () => {
  expect(await run([4, 5, 6], () => false)).toEqual({ tried: [4, 5, 6], counts: [1, 2, 3], error: undefined });
});

test("failures do not keep it from the others", async () => {
  expect(await run([4, 5, 6], (one) => one < 6)).toEqual({
    tried: [4, 5, 6], counts: [1, 2, 3], error: "2 of 3 failed, the first with: not 4",
  });
});

test("of a single one there is nothing to count", async () => {
  expect((await run([4], () => true)).error).toBe("not 4");
});

test("who leaves ends it before the next", async () => {
  expect(await run([4, 5, 6], () => false, 2)).toEqual({ tried: [4, 5], counts: [1, 2], error: "left" });
});
