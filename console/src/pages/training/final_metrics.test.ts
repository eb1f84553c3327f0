import { expect, test } from "vitest";
import { columnsOf } from "./final_metrics";

test("accuracies come first, then losses, then the rest", () => {
  const finals = [{ "train:loss": 1, "test:loss": 2, f1: 3 }, undefined, { "test:accuracy": 1, f1: 1 }];
  expect(columnsOf(finals)).toEqual(["test:accuracy", "test:loss", "train:loss"]);
  expect(columnsOf(finals, 9)).toEqual(["test:accuracy", "test:loss", "train:loss", "f1"]);
  expect(columnsOf([undefined])).toEqual([]);
});
