import { expect, test } from "vitest";
import { candidates, find, suspects } from "./started_by";

const job = { name: "estimator-run-7", arn: "arn:job", at: 100 };
const execution = (name: string, startDate: number, stopDate?: number) =>
  ({ executionArn: name, stateMachineArn: "m", name, status: "RUNNING" as const, startDate, stopDate });
const machine = (name: string, creationDate: number, type: "STANDARD" | "EXPRESS" = "STANDARD") => ({ stateMachineArn: name, name, type, creationDate });

test("executions that ran when the job was made, whose names it bears first", () => {
  const all = [execution("other", 90), execution("early", 10, 20), execution("run-7", 80, 200), execution("late", 150)];
  expect(candidates(all, job).map((one) => one.name)).toEqual(["run-7", "other"]);
});

test("machines that were there, whose names it bears first, then the newest", () => {
  const all = [machine("old", 1), machine("new", 50), machine("estimator", 2), machine("later", 101), machine("quick", 3, "EXPRESS")];
  expect(suspects(all, job).map((one) => one.name)).toEqual(["estimator", "new", "old"]);
});

/** A service of three machines; the history of the execution "run-7" of the newest but one tells of the job. */
function service() {
  const asked: string[] = [];
  const ask = (async (_: string, operation: string, input: { stateMachineArn?: string; executionArn?: string }, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    asked.push([operation, input.stateMachineArn ?? input.executionArn].filter(Boolean).join(" "));
    if (operation === "ListStateMachines") return { stateMachines: [machine("first", 1), machine("second", 2), machine("third", 3)] };
    if (operation === "ListExecutions") return { executions: input.stateMachineArn === "second" ? [execution("idle", 95), execution("run-7", 90)] : [] };
    return { events: input.executionArn === "run-7" ? [{ taskSubmittedEventDetails: { output: '{"TrainingJobArn":"arn:job"}' } }] : [] };
  }) as unknown as Parameters<typeof find>[2];
  return { ask, asked };
}

test("looks no further than to the execution that did", async () => {
  const { ask, asked } = service();
  expect(await find(job, new AbortController().signal, ask)).toBe("run-7");
  expect(asked).toEqual(["ListStateMachines", "ListExecutions third", "ListExecutions second", "GetExecutionHistory run-7"]);
});

test("ends when the page is left", async () => {
  const { ask, asked } = service();
  const control = new AbortController();
  const answer = find(job, control.signal, ask);
  control.abort();
  await expect(answer).rejects.toThrow();
  expect(asked).toEqual(["ListStateMachines"]);
});
