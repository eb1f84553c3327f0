import { expect, test } from "vitest";
import { reasonIn } from "./cause";

test.each([
  ['{"TrainingJobName":"a","FailureReason":"AlgorithmError: exit 1"}', "AlgorithmError: exit 1"],
  ['{"ExecutionArn":"a","Status":"FAILED","Cause":"Nobody answered."}', "Nobody answered."],
  ["plain words", undefined], ["null", undefined], ['"text"', undefined], ['{"FailureReason":""}', undefined], [undefined, undefined],
])("%s", (cause, reason) => expect(reasonIn(cause)).toBe(reason));
