import { describe, expect, test } from "vitest";
import type { HistoryEvent } from "@types-of/states";
import { machineArnOf, plainMachineArn } from "../../lib/arn";
import { History } from "./history";
import { chosenStatuses, culprit } from "./view";

/** A Map over three items: the first is done, the second fails, the third never gets to B. */
function mapOfThree(): History {
  const history = new History();
  history.append([
    [0, "ExecutionStarted"], [0, "MapStateEntered", "M"], [2, "MapStateStarted"],
    [3, "MapIterationStarted", "M", 0], [3, "MapIterationStarted", "M", 1], [3, "MapIterationStarted", "M", 2],
    [4, "PassStateEntered", "A"], [7, "PassStateExited", "A"], [8, "PassStateEntered", "B"], [9, "PassStateExited", "B"], [10, "MapIterationSucceeded", "M", 0],
    [5, "PassStateEntered", "A"], [6, "WaitStateEntered", "A"],
    [12, "ExecutionFailed"],
  ].map(([previousEventId, type, name, index], at) => ({
    id: at + 1, previousEventId, type, timestamp: at, ...(name === undefined ? {} : { anyEventDetails: { name, index } }),
  }) as unknown as HistoryEvent));
  return history;
}

describe("one iteration's statuses", () => {
  const history = mapOfThree();
  const chosen = (index: number) => Object.fromEntries(chosenStatuses(history.statuses(), history.visits, { 2: index }));
  test("all of them", () => {
    expect(Object.fromEntries(chosenStatuses(history.statuses(), history.visits, {}))).toEqual({ M: "failed", A: "failed", B: "succeeded" });
  });
  test.each([[0, { M: "failed", A: "succeeded", B: "succeeded" }], [1, { M: "failed", A: "failed" }], [9, { M: "failed" }]])("of %d", (index, expected) => {
    expect(chosen(index)).toEqual(expected);
  });
  test("what failed is the innermost state", () => {
    expect(culprit(history.visits)?.name).toBe("A");
    expect(culprit([])).toBeUndefined();
  });
});

test("ARNs of state machines", () => {
  const machine = "arn:aws:states:us-east-1:000000000000:stateMachine:flow";
  expect(plainMachineArn(`${machine}:3`)).toBe(machine);
  expect(plainMachineArn(machine)).toBe(machine);
  expect(machineArnOf("arn:aws:states:us-east-1:000000000000:execution:flow:run")).toBe(machine);
});
