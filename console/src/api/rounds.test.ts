import { expect, test } from "vitest";
import { ApiError } from "./http";
import { askAll, type Answers } from "./rounds";

const never = new AbortController().signal;

test("each is asked; what was known stays when it fails, and who was refused is not asked again", async () => {
  const asked: string[] = [];
  const faults = new Map([["b", new ApiError("AccessDeniedException", "no", 400)], ["c", new ApiError("NoAnswer", "", 0)]]);
  const ask = async (key: string) => {
    asked.push(key);
    const fault = faults.get(key);
    if (fault && asked.length > 3) throw fault;
    return key.toUpperCase();
  };
  let told: Answers<string> = new Map();
  const round = (before: Answers<string>) => askAll(["a", "b", "c"], ask, before, (all) => void (told = all), never);
  const first = await round(new Map());
  expect([...first.values()].map(({ data }) => data)).toEqual(["A", "B", "C"]);
  const second = await round(first);
  expect(second.get("b")).toMatchObject({ data: "B", error: { code: "AccessDeniedException" }, loading: false });
  expect(second.get("c")).toMatchObject({ data: "C", error: { code: "NoAnswer" } });
  expect(told).toBe(second);
  faults.delete("c");
  expect((await round(second)).get("c")).toEqual({ data: "C", loading: false });
  expect(asked.join("")).toBe("abcabcac");
});

test("nobody is told of anything once the page has been left", async () => {
  const control = new AbortController();
  let told = 0;
  await askAll(["a", "b", "c", "d", "e"], async (key) => {
    if (key === "a") control.abort();
    if (key === "e") throw new Error("asked all the same");
  }, new Map(), () => void (told += 1), control.signal);
  expect(told).toBe(0);
});
