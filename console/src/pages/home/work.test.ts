import { describe, expect, test } from "vitest";
import { byDay, failed, ofExecution, ofJob, running, sinceOf, type Work } from "./work";

const execution = (name: string, status: "RUNNING" | "FAILED" | "TIMED_OUT" | "SUCCEEDED" | "ABORTED", startDate: number, stopDate?: number) =>
  ofExecution({ executionArn: `arn:aws:states:r:0:execution:M:${name}`, stateMachineArn: "arn:aws:states:r:0:stateMachine:M", name, status, startDate, stopDate });

const names = (all: readonly Work[]) => all.map(({ name }) => name);

describe("work", () => {
  const all = [
    execution("old", "RUNNING", 1), execution("new", "RUNNING", 5), execution("new", "RUNNING", 5),
    execution("bad", "FAILED", 1, 9), execution("late", "TIMED_OUT", 0, 12), execution("good", "SUCCEEDED", 3, 4), execution("off", "ABORTED", 3, 4),
    ofJob({ TrainingJobName: "job", TrainingJobArn: "j", CreationTime: 3, TrainingJobStatus: "InProgress", SecondaryStatus: "Training" }, "epoch 3/6"),
  ];
  test("what runs, each once, the newest first", () => expect(names(running(all))).toEqual(["new", "job", "old"]));
  test("what failed, the latest end first", () => {
    expect(names(failed(all, 8))).toEqual(["late", "bad"]);
    expect(names(failed(all, 1))).toEqual(["late"]);
  });
  test("in their own words", () => expect(running(all).map(({ about }) => about)).toEqual(["M", "epoch 3/6", "M"]));
});

test("the days that are counted begin at a midnight", () => {
  const noon = new Date(2026, 10, 29, 12).getTime() / 1000;
  expect(sinceOf(noon, 14)).toBe(new Date(2026, 10, 16).getTime() / 1000);
  expect(byDay([sinceOf(noon, 14), sinceOf(noon, 14) - 1], noon, 14)).toEqual([1, ...new Array<number>(13).fill(0)]);
});

test("by day", () => {
  const noon = new Date(2026, 10, 29, 12).getTime() / 1000;
  const day = 86_400;
  expect(byDay([noon, noon - 60, noon - day, noon - 2 * day, noon - 3 * day, noon + day], noon, 3)).toEqual([1, 1, 2]);
});
