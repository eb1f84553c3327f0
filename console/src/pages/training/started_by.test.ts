import { expect, test } from "vitest";
import { candidates } from "./started_by";

test("executions that ran when the job was made, whose names it bears first", () => {
  const execution = (name: string, startDate: number, stopDate?: number) =>
    ({ executionArn: name, stateMachineArn: "m", name, status: "RUNNING" as const, startDate, stopDate });
  const all = [execution("other", 90), execution("early", 10, 20), execution("run-7", 80, 200), execution("late", 150)];
  expect(candidates(all, { name: "estimator-run-7", arn: "a", at: 100 }).map((one) => one.name)).toEqual(["run-7", "other"]);
});
