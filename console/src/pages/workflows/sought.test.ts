import { expect, test } from "vitest";
import { found, isAnything, isPast, type Sought } from "./sought";

/** In this machine's time, as the page means days. */
const at = (day: number, hour: number) => new Date(2026, 10, day, hour).getTime() / 1000;
const rows = [
  { name: "Nightly-7 retrained", startDate: at(29, 23) },
  { name: "nightly-6", startDate: at(29, 0) },
  { name: "by-hand", startDate: at(28, 23) },
];
const names = (sought: Partial<Sought>) => found(rows, { text: "", from: "", to: "", ...sought }).map(({ name }) => name);

test("each word is somewhere in the name, in any case", () => {
  expect(names({ text: " NIGHT " })).toEqual(["Nightly-7 retrained", "nightly-6"]);
  expect(names({ text: "trained nightly" })).toEqual(["Nightly-7 retrained"]);
  expect(names({ text: "never" })).toEqual([]);
});

test("a day is whole, from its first second to its last", () => {
  expect(names({ from: "2026-11-29" })).toEqual(["Nightly-7 retrained", "nightly-6"]);
  expect(names({ to: "2026-11-28" })).toEqual(["by-hand"]);
  expect(names({ from: "2026-11-29", to: "2026-11-29", text: "6" })).toEqual(["nightly-6"]);
});

test("what is no day is none", () => {
  expect(names({ from: "yesterday", to: "2026-11" })).toHaveLength(3);
  expect(isAnything({ text: " ", from: "x", to: "" })).toBe(true);
  expect(isAnything({ text: "", from: "", to: "2026-11-29" })).toBe(false);
});

test("nothing further is looked through once the rows are older than the first day", () => {
  const from = (day: string) => ({ text: "", from: day, to: "" });
  expect(isPast(rows, from("2026-11-29"))).toBe(true);
  expect(isPast(rows, from("2026-11-28"))).toBe(false);
  expect(isPast(rows, from(""))).toBe(false);
  expect(isPast([], from("2026-11-29"))).toBe(false);
});
