import { describe, expect, test } from "vitest";
import type { HistoryEvent } from "@types-of/states";
import { repositoryText } from "../../testing";
import { History } from "./history";
import { isChosen, scopesOf, statusOf, type Scope, type Visit } from "./view";


/** The member of an event that holds its details. */
function member(type: string): string {
  if (type.endsWith("StateEntered")) return "stateEnteredEventDetails";
  if (type.endsWith("StateExited")) return "stateExitedEventDetails";
  return `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
}

/** Lines "ID<CAUSE TYPE {details}"; an event a second. */
function eventsOf(text: string): HistoryEvent[] {
  return text.trim().split("\n").map((line) => {
    const [, id, cause, type, details] = /^\s*(\d+)<(\d+) (\w+) ?(.*)$/.exec(line)!;
    return {
      id: Number(id), previousEventId: Number(cause), type, timestamp: Number(id),
      ...(details ? { [member(type!)]: JSON.parse(details) } : {}),
    } as unknown as HistoryEvent;
  });
}

function read(text: string): History {
  const history = new History();
  history.append(eventsOf(text));
  return history;
}

/** "S caught, E succeeded"; what is inside of a state in brackets, a scope each. */
function told(scope: Scope): string {
  return scope.visits.map((visit) =>
    `${visit.name} ${visit.status}${visit.tries.length > 0 ? ` ${visit.tries.map((one) => one.outcome).join("+")}` : ""}` +
    visit.rounds.map((round) => ` [${round.scopes.map((one) => `${one.index}:${statusOf(one)}: ${told(one)}`).join(" | ")}]`).join("")).join(", ");
}

const recorded = new Map(repositoryText("src/asl/testdata/histories.txt").split("\n== ").slice(1).map((part) => {
  const name = part.slice(0, part.indexOf("\n"));
  return [name, part.split("\n").filter((line) => /^\d+</.test(line)).join("\n")];
}));

describe("histories as Step Functions writes them", () => {
  test.each([
    ["Pass", "S succeeded"],
    ["Choice", "S succeeded, E succeeded"],
    ["ChoiceByDefault", "S succeeded, F failed"],
    ["ChoiceWithoutMatch", "S failed"],
    ["Wait", "S succeeded"],
    ["Succeed", "S succeeded"],
    ["Fail", "S failed"],
    ["FailWithoutAnything", "S failed"],
    ["Task", "S succeeded succeeded"],
    ["TaskFails", "S failed failed"],
    ["TaskIsCaught", "S caught failed, E succeeded"],
    ["TaskIsRetried", "S failed failed+failed"],
    ["TaskTimesOut", "S failed timed out"],
    ["JobFails", "S failed failed"],
    ["ResultDoesNotFit", "S succeeded succeeded, E succeeded"],
    ["IntrinsicFails", "S failed"],
    ["PathLeadsNowhere", "S failed"],
    ["Activity", "S succeeded succeeded"],
    ["ActivityTimesOut", "S failed timed out"],
    ["Parallel", "S succeeded [0:succeeded: A succeeded | 1:succeeded: B succeeded]"],
    ["Map", "S succeeded [0:succeeded: A succeeded | 1:succeeded: A succeeded]"],
    ["MapFails", "S failed [0:failed: A failed]"],
    ["ParallelIsCaught", "S caught [0:failed: A failed], E succeeded"],
  ])("%s", (name, expected) => {
    const history = read(recorded.get(name)!);
    expect(told(history.root)).toBe(expected);
    expect(history.visits.every((visit) => visit.endedAt !== undefined)).toBe(true);
  });

  test("no recorded case is left out", () => {
    expect(recorded.size).toBe(23);
  });

  test("what came in, went out, was called and failed", () => {
    const [s] = read(recorded.get("TaskIsCaught")!).visits;
    expect(s).toMatchObject({ input: '{"a":1}', output: '{"a":1,"e":{"Error":"Mine","Cause":"because"}}', error: "Mine", cause: "because", enteredAt: 2, endedAt: 6 });
    expect(s!.tries[0]).toMatchObject({ service: "sagemaker", resource: "createModel", parameters: '{"a":1}', scheduledAt: 3, startedAt: 4, endedAt: 5, error: "Mine" });
    const [job] = read(recorded.get("JobFails")!).visits;
    expect(job!.tries[0]).toMatchObject({ submitted: '{"Arn":"j"}', submittedAt: 5, outcome: "failed" });
    const [work] = read(recorded.get("Activity")!).visits;
    expect(work!.tries[0]).toMatchObject({ service: "activity", worker: "worker", output: '{"ok":true}' });
  });
});

const MAP_THAT_FAILS = `
  1<0 ExecutionStarted
  2<0 MapStateEntered {"name":"G","input":"[1,2,3]"}
  3<2 MapStateStarted {"length":3}
  4<3 MapIterationStarted {"name":"G","index":0}
  5<3 MapIterationStarted {"name":"G","index":1}
  6<3 MapIterationStarted {"name":"G","index":2}
  7<4 TaskStateEntered {"name":"T","input":"1"}
  8<7 TaskScheduled {"resourceType":"sagemaker","resource":"createModel","parameters":"1"}
  9<8 TaskStarted
  10<5 TaskStateEntered {"name":"T","input":"2"}
  11<10 TaskScheduled {"resourceType":"sagemaker","resource":"createModel","parameters":"2"}
  12<11 TaskStarted
  13<6 TaskStateEntered {"name":"T","input":"3"}
  14<13 TaskScheduled {"resourceType":"sagemaker","resource":"createModel","parameters":"3"}
  15<14 TaskStarted
  16<12 TaskFailed {"error":"Odd","cause":"because"}
  17<16 MapIterationFailed {"name":"G","index":1}
  18<9 TaskStateAborted
  19<9 MapIterationAborted {"name":"G","index":0}
  20<15 TaskStateAborted
  21<15 MapIterationAborted {"name":"G","index":2}
  22<16 MapStateFailed
  23<22 ExecutionFailed {"error":"Odd","cause":"because"}`;

const PARALLEL_TWICE = `
  1<0 ExecutionStarted
  2<0 ParallelStateEntered {"name":"P"}
  3<2 ParallelStateStarted
  4<3 TaskStateEntered {"name":"A"}
  5<4 TaskScheduled {"resourceType":"sagemaker","resource":"createModel","parameters":"{}"}
  6<5 TaskStarted
  7<3 WaitStateEntered {"name":"W"}
  8<6 TaskFailed {"error":"Odd"}
  9<7 WaitStateAborted
  10<8 ParallelStateFailed
  11<10 ParallelStateStarted
  12<11 TaskStateEntered {"name":"A"}
  13<12 TaskScheduled {"resourceType":"sagemaker","resource":"createModel","parameters":"{}"}
  14<13 TaskStarted
  15<11 WaitStateEntered {"name":"W"}
  16<14 TaskSucceeded {"output":"2"}
  17<16 TaskStateExited {"name":"A","output":"2"}
  18<15 WaitStateExited {"name":"W","output":"{}"}
  19<18 ParallelStateSucceeded
  20<18 ParallelStateExited {"name":"P","output":"[2,{}]"}
  21<20 ExecutionSucceeded {"output":"[2,{}]"}`;

const NESTED = `
  1<0 ExecutionStarted
  2<0 ParallelStateEntered {"name":"P"}
  3<2 ParallelStateStarted
  4<3 MapStateEntered {"name":"M","input":"[1]"}
  5<4 MapStateStarted {"length":1}
  6<3 PassStateEntered {"name":"B"}
  7<5 MapIterationStarted {"name":"M","index":0}
  8<6 PassStateExited {"name":"B","output":"1"}
  9<7 PassStateEntered {"name":"A","input":"1"}
  10<9 PassStateExited {"name":"A","output":"1"}
  11<10 MapIterationSucceeded {"name":"M","index":0}
  12<11 MapStateSucceeded
  13<11 MapStateExited {"name":"M","output":"[1]"}
  14<13 ParallelStateSucceeded
  15<13 ParallelStateExited {"name":"P","output":"[[1],1]"}
  16<15 PassStateEntered {"name":"Z"}`;

describe("groups", () => {
  test("a Map whose second item fails", () => {
    const history = read(MAP_THAT_FAILS);
    expect(told(history.root)).toBe("G failed [0:aborted: T aborted aborted | 1:failed: T failed failed | 2:aborted: T aborted aborted]");
    expect(history.visits[0]).toMatchObject({ error: "Odd", cause: "because" });
    expect(history.visits[0]!.rounds[0]).toMatchObject({ length: 3, failed: true, startedAt: 3, endedAt: 22 });
  });

  test("a Parallel that runs again as a whole", () => {
    expect(told(read(PARALLEL_TWICE).root)).toBe(
      "P succeeded [0:failed: A failed failed | 1:aborted: W aborted] [0:succeeded: A succeeded succeeded | 1:succeeded: W succeeded]");
  });

  test("one inside of the other, and what comes after", () => {
    const history = read(NESTED);
    expect(told(history.root)).toBe("P succeeded [0:succeeded: M succeeded [0:succeeded: A succeeded] | 1:succeeded: B succeeded], Z running");
    expect([...history.statuses()]).toEqual([["P", "succeeded"], ["M", "succeeded"], ["B", "succeeded"], ["A", "succeeded"], ["Z", "running"]]);
  });

  test("which iterations a choice leaves", () => {
    const history = read(MAP_THAT_FAILS);
    const chosen = (index: number) => history.visits.filter((visit) => isChosen(visit, { 2: index })).map((visit) => visit.id);
    expect(chosen(1)).toEqual([2, 10]);
    expect(chosen(7)).toEqual([2]);
  });

  test("a Map without items", () => {
    expect(told(read(`
      1<0 ExecutionStarted
      2<0 MapStateEntered {"name":"M"}
      3<2 MapStateStarted {"length":0}
      4<3 MapStateSucceeded
      5<3 MapStateExited {"name":"M","output":"[]"}
      6<5 ExecutionSucceeded`).root)).toBe("M succeeded []");
  });

  test("aborted while it runs", () => {
    expect(told(read(`${NESTED.split("\n").slice(0, 11).join("\n")}
      11<0 ExecutionAborted {"cause":"enough"}`).root)).toBe(
      "P aborted [0:aborted: M aborted [0:aborted: A succeeded] | 1:aborted: B succeeded]");
  });
});

describe("redrives", () => {
  test("the failed task is called again without being entered", () => {
    const history = read(`${recorded.get("TaskIsRetried")!}
      10<0 ExecutionRedriven {"redriveCount":1}
      11<10 TaskScheduled {"resourceType":"sagemaker","resource":"createModel","parameters":"{}"}
      12<11 TaskStarted`);
    expect(told(history.root)).toBe("S running failed+failed+running");
    expect(history.statuses().get("S")).toBe("running");
    expect(history.root.status).toBe("running");
    history.append(eventsOf(`13<12 TaskSucceeded {"output":"1"}
      14<13 TaskStateExited {"name":"S","output":"1"}
      15<14 ExecutionSucceeded {"output":"1"}`));
    expect(told(history.root)).toBe("S succeeded failed+failed+succeeded");
    expect(history.visits[0]!.error).toBeUndefined();
    expect(history.root).toMatchObject({ status: "succeeded", endedAt: 15 });
  });

  test("of a Map: only iterations that had not succeeded", () => {
    const history = read(`${MAP_THAT_FAILS}
      24<0 ExecutionRedriven {"redriveCount":1}
      25<24 MapIterationStarted {"name":"G","index":0}
      26<24 MapIterationStarted {"name":"G","index":1}
      27<25 TaskScheduled {"resourceType":"sagemaker","resource":"createModel","parameters":"1"}
      28<27 TaskStarted
      29<28 TaskSucceeded {"output":"1"}
      30<29 TaskStateExited {"name":"T","output":"1"}
      31<30 MapIterationSucceeded {"name":"G","index":0}`);
    expect(told(history.root)).toBe(
      "G running [0:succeeded: T succeeded aborted+succeeded | 1:running: T failed failed | 2:aborted: T aborted aborted]");
  });

  test("of two branches at once: what they call tells them apart", () => {
    const history = read(`
      1<0 ExecutionStarted
      2<0 ParallelStateEntered {"name":"P"}
      3<2 ParallelStateStarted
      4<3 TaskStateEntered {"name":"A"}
      5<4 TaskScheduled {"resourceType":"sagemaker","resource":"createModel","parameters":"1"}
      6<3 TaskStateEntered {"name":"B"}
      7<6 TaskScheduled {"resourceType":"sagemaker","resource":"createModel","parameters":"2"}
      8<7 TaskFailed {"error":"Odd"}
      9<5 TaskStateAborted
      10<8 ParallelStateFailed
      11<10 ExecutionFailed {"error":"Odd"}
      12<0 ExecutionRedriven {"redriveCount":1}
      13<12 TaskScheduled {"resourceType":"sagemaker","resource":"createModel","parameters":"2"}
      14<12 TaskScheduled {"resourceType":"sagemaker","resource":"createModel","parameters":"1"}
      15<13 TaskSucceeded {"output":"2"}
      16<15 TaskStateExited {"name":"B","output":"2"}`);
    expect(told(history.root)).toBe("P running [0:running: A running aborted+running | 1:succeeded: B succeeded failed+succeeded]");
  });
});

/** A loop of a Map over items, so that there are many events of every kind. */
function longHistory(count: number): HistoryEvent[] {
  const events: Record<string, unknown>[] = [];
  const add = (cause: number, type: string, details?: object) => {
    events.push({ id: events.length + 1, previousEventId: cause, type, timestamp: events.length, ...(details && { [member(type)]: details }) });
    return events.length;
  };
  add(0, "ExecutionStarted", { input: "{}" });
  const map = add(0, "MapStateEntered", { name: "M", input: "[]" });
  const begun = add(map, "MapStateStarted", { length: count });
  for (let index = 0; events.length < count; ++index) {
    const started = add(begun, "MapIterationStarted", { name: "M", index });
    const entered = add(started, "TaskStateEntered", { name: "T", input: `{"n":${index}}` });
    const called = add(entered, "TaskScheduled", { resourceType: "sagemaker", resource: "createModel", parameters: "{}" });
    const failed = add(add(called, "TaskStarted"), "TaskFailed", { error: "Odd" });
    const again = add(add(failed, "TaskScheduled", { resourceType: "sagemaker", resource: "createModel", parameters: "{}" }), "TaskStarted");
    const done = add(add(again, "TaskSucceeded", { output: "1" }), "TaskStateExited", { name: "T", output: "1" });
    add(done, "MapIterationSucceeded", { name: "M", index });
  }
  return events as unknown as HistoryEvent[];
}

describe("many events", () => {
  const events = longHistory(10_000);

  test("in pieces as at once, and each once", () => {
    const whole = new History();
    whole.append(events);
    const pieces = new History();
    for (let at = 0; at < events.length; at += 37) pieces.append(events.slice(Math.max(0, at - 5), at + 37));
    expect(pieces.events.length).toBe(events.length);
    expect(told(pieces.root)).toBe(told(whole.root));
  });

  test("10,000 in less than 50 ms", () => {
    const times = Array.from({ length: 7 }, () => {
      const began = performance.now();
      const history = new History();
      history.append(events);
      history.statuses();
      return performance.now() - began;
    });
    expect(Math.min(...times)).toBeLessThan(50);
  });

  test("scopes of a Map are found by their index", () => {
    const history = new History();
    history.append(events);
    const map = history.byName.get("M")![0] as Visit;
    expect(scopesOf(map).every((scope, index) => scope.index === index && scope.status === "succeeded")).toBe(true);
  });
});
