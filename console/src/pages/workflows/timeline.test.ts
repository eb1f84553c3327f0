import { describe, expect, test } from "vitest";
import type { HistoryEvent } from "@types-of/states";
import { History } from "./history";
import { rowsOf, ticks } from "./timeline";

function historyOf(...rows: [number, string, object?][]): History {
  const history = new History();
  history.append(rows.map(([previousEventId, type, details], index) => ({
    id: index + 1, previousEventId, type, timestamp: index + 1,
    ...(details && { [type.endsWith("Entered") ? "stateEnteredEventDetails" :
      type.endsWith("Exited") ? "stateExitedEventDetails" : "someEventDetails"]: details }),
  }) as unknown as HistoryEvent));
  return history;
}

const map = historyOf([0, "ExecutionStarted"], [0, "MapStateEntered", { name: "M" }], [2, "MapStateStarted"],
  [3, "MapIterationStarted", { name: "M", index: 0 }], [4, "PassStateEntered", { name: "A" }], [5, "PassStateExited", { name: "A" }],
  [6, "PassStateEntered", { name: "B" }], [3, "MapIterationStarted", { name: "M", index: 1 }], [8, "PassStateEntered", { name: "A" }]);
const lines = (history: History, ...toggled: string[]) => rowsOf(history.root, new Set(toggled)).map((row) => `${"  ".repeat(row.depth)}${row.label}`);

describe("rows", () => {
  test("a small group is open; an iteration of one state is one row", () => {
    expect(lines(map)).toEqual(["M", "  #0", "    A", "    B", "  #1 A"]);
  });
  test("what the reader closed and opened", () => {
    expect(lines(map, "2/0", "2/1")).toEqual(["M", "  #0", "  #1 A", "    A"]);
    expect(lines(map, "2")).toEqual(["M"]);
  });
  test("each try is a piece of its own", () => {
    const history = historyOf([0, "ExecutionStarted"], [0, "TaskStateEntered", { name: "T" }], [2, "TaskScheduled"], [3, "TaskFailed"], [4, "TaskScheduled"]);
    expect(rowsOf(history.root, new Set())[0]!.segments).toEqual([{ from: 3, to: 4, status: "failed" }, { from: 5, to: undefined, status: "running" }]);
  });
});

test.each([
  [10, 5, [0, 2, 4, 6, 8, 10]], [0.04, 4, [0, 0.01, 0.02, 0.03, 0.04]], [7000, 4, [0, 1800, 3600, 5400]],
])("ticks of %d s, at most %d", (seconds, most, expected) => {
  expect(ticks(seconds, most).map((one) => Number(one.toFixed(6)))).toEqual(expected);
});
