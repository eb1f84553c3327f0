import { expect, test } from "vitest";
import { ApiError } from "../../api/http";
import { together } from "./executions";

const run = (name: string) => ({ executionArn: name, stateMachineArn: "m", name, status: "RUNNING" as const, startDate: 1 });
const denied = new ApiError("AccessDeniedException", "no", 400);

test("as long as one machine has not been asked, nothing is known for sure", () => {
  expect(together([{ data: { executions: [], more: false }, loading: false }, { loading: true }]).loading).toBe(true);
  expect(together([{ data: { executions: [], more: false }, loading: false }]).loading).toBe(false);
});

test("refusals are told, beside what can be seen; a machine that is gone is none", () => {
  const answers = [
    { data: { executions: [run("a")], more: true }, loading: false }, { error: denied, loading: false },
    { error: new ApiError("StateMachineDoesNotExist", "gone", 400), loading: false },
  ];
  expect(together(answers)).toEqual({ executions: [run("a")], more: true, loading: false, errors: [denied] });
});
