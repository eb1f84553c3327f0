import { expect, test } from "vitest";
import { askEach } from "./asked";

const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);

test("each is asked about once, four at a time, whatever becomes of the others", async () => {
  let [running, most] = [0, 0];
  const answers = new Map<string, string | null>();
  const ask = async (name: string) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running -= 1;
    if (name === "n7") throw new Error("denied");
    return `${name}!`;
  };
  await askEach(names(100), ask, (name, answer) => {
    expect(answers.has(name)).toBe(false);
    answers.set(name, answer);
  }, new AbortController().signal);
  expect(most).toBe(4);
  expect(answers).toEqual(new Map(names(100).map((name) => [name, name === "n7" ? null : `${name}!`])));
});

test("nothing more is asked once it is ended; what was on its way is told", async () => {
  const end = new AbortController();
  const told: string[] = [];
  await askEach(names(100), async (name) => {
    if (name === "n5") end.abort();
    await Promise.resolve();
    return name;
  }, (name) => told.push(name), end.signal);
  expect(told).toContain("n5");
  expect(told.length).toBeLessThan(10);
});
