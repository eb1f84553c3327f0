import { expect, test, vi } from "vitest";
import type { HistoryEvent } from "@types-of/states";
import { filtered, toneOfEvent, type Kind } from "./event_filter";
import { History } from "./history";

const history = new History();
history.append([
  [0, "ExecutionStarted", {}],
  [0, "MapStateEntered", { stateEnteredEventDetails: { name: "M", input: "[7]" } }],
  [2, "MapStateStarted", {}],
  [3, "MapIterationStarted", { mapIterationStartedEventDetails: { name: "M", index: 0 } }],
  [4, "TaskStateEntered", { stateEnteredEventDetails: { name: "T", input: '{"Model":"big"}' } }],
  [5, "TaskScheduled", {}],
  [6, "TaskFailed", { taskFailedEventDetails: { error: "Odd" } }],
].map(([previousEventId, type, details], index) => ({ id: index + 1, previousEventId, type, timestamp: 0, ...(details as object) }) as unknown as HistoryEvent));

test.each([
  ["all", "", "", [1, 2, 3, 4, 5, 6, 7]], ["states", "", "", [2, 5]], ["calls", "", "", [6, 7]], ["failures", "", "", [7]],
  ["groups", "", "", [2, 3, 4]], ["execution", "", "", [1]], ["all", "T", "", [5, 6, 7]], ["all", "T", "odd", [7]],
  ["all", "", "BIG model", [5]], ["all", "", "nowhere", []],
] as const)("%s of %j with %j", (kind, state, text, ids) => {
  expect(filtered(history.events, history.visitOf, { kind: kind as Kind, state, text }).map((event) => event.id)).toEqual(ids);
});

test("an event is written out once, however often is searched", () => {
  const events = history.events.map((event) => ({ ...event }));
  const stringify = vi.spyOn(JSON, "stringify");
  for (const text of ["odd", "big", "odd"]) filtered(events, history.visitOf, { kind: "all", state: "", text });
  expect(stringify).toHaveBeenCalledTimes(events.length);
  stringify.mockRestore();
});

test.each([["TaskFailed", "bad"], ["ExecutionTimedOut", "bad"], ["TaskStateAborted", "idle"], ["ExecutionSucceeded", "good"], ["TaskStarted", undefined]])("%s", (type, tone) => {
  expect(toneOfEvent(type)).toBe(tone);
});
