import { expect, test } from "vitest";
import { earlierInputs } from "./earlier";

const runs = ["d", "c", "b", "a"].map((name) => ({ name }));
const inputs: Record<string, string | undefined> = { a: "{}", b: '{"x":1}', c: undefined, d: "{}" };

test("each input once, by who had it last", async () => {
  const found = await earlierInputs(runs, async ({ name }) => inputs[name]);
  expect(found).toEqual({ inputs: [{ name: "d", input: "{}" }, { name: "b", input: '{"x":1}' }] });
});

test("the first refusal is told beside what could be read", async () => {
  const found = await earlierInputs(runs, async ({ name }) => {
    if (name === "d" || name === "b") throw new Error(`denied ${name}`);
    return inputs[name];
  });
  expect(found).toEqual({ inputs: [{ name: "a", input: "{}" }], error: new Error("denied d") });
});
