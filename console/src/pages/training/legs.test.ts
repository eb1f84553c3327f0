import { expect, test } from "vitest";
import { legsOf } from "./legs";

test("a running job: what goes on counts until now", () => {
  const legs = legsOf([
    { Status: "Starting", StartTime: 100, EndTime: 101 },
    { Status: "Downloading", StartTime: 101, EndTime: 105, StatusMessage: "Downloading input data" },
    { Status: "Training", StartTime: 105 },
  ], 114);
  expect(legs.map((leg) => [leg.status, leg.seconds, leg.kind])).toEqual([
    ["Starting", 1, "done"], ["Downloading", 4, "done"], ["Training", 9, "now"],
  ]);
  expect(legs.map((leg) => leg.share)).toEqual([1 / 6, 2 / 6, 3 / 6]);
});

test("ends take no time", () => {
  const legs = legsOf([{ Status: "Training", StartTime: 1, EndTime: 2 }, { Status: "Failed", StartTime: 2, EndTime: 2 }], 1000);
  expect(legs.map((leg) => leg.kind)).toEqual(["done", "failed"]);
  expect(legs[1]!.seconds).toBe(0);
});

test("a job that has only been made", () => {
  expect(legsOf([{ Status: "Starting", StartTime: 5 }], 5)[0]!.share).toBe(1);
  expect(legsOf([], 5)).toEqual([]);
});
